package blockdev

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenedBy names a process other than this one that has a block device, or one
// of its partitions, open, "" if there is none. The kernel only refuses a
// second exclusive open; one that merely reads or writes is found in the list
// of its open files.
func OpenedBy(path string) (string, error) {
	by, err := thisHost.openedBy(path, false)
	if err != nil {
		return "", fmt.Errorf("look who has %s open: %w", path, err)
	}
	return by, nil
}

// checkWriters returns an [ErrInUse] that names a process which may write to a
// disk, one of its partitions or the disk that it is a partition of. Virtual
// machines, databases and dd ask for no exclusive open. Those who only read are
// let be: udev and blkid look at every disk, at any time.
func (d *Device) checkWriters() error {
	by, err := thisHost.openedBy(d.path, true)
	if err != nil {
		return fmt.Errorf("look who has %s open: %w", d.path, err)
	}
	if by != "" {
		return fmt.Errorf("%s: %w: %s; end that first", d.path, ErrInUse, by)
	}
	return nil
}

// openedBy says in words who has a disk, or a file that stands for one, open.
func (h host) openedBy(path string, forWriting bool) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		return h.searchFiles(forWriting, func(o *unix.Statx_t) (string, bool) {
			return "", o.Mode&unix.S_IFMT == unix.S_IFREG && o.Ino == st.Ino && unix.Mkdev(o.Dev_major, o.Dev_minor) == st.Dev
		})
	}
	nodes, err := h.family(unix.Major(st.Rdev), unix.Minor(st.Rdev))
	if err != nil {
		return "", err
	}
	whole := h.wholeDisk(nodes[0].dir)
	return h.searchFiles(forWriting, func(o *unix.Statx_t) (string, bool) {
		if o.Mode&unix.S_IFMT != unix.S_IFBLK {
			return "", false
		}
		number := unix.Mkdev(o.Rdev_major, o.Rdev_minor)
		if n := find(nodes, number); n != nil {
			return n.prefix(), true
		}
		return "its disk is ", forWriting && number == whole
	})
}

// wholeDisk is the number of the disk that a block device is a partition of, 0
// if it is none.
func (h host) wholeDisk(dir string) uint64 {
	var major, minor uint32
	if !h.exists(dir, "partition") {
		return 0
	}
	if _, err := fmt.Sscanf(h.read(filepath.Dir(dir), "dev"), "%d:%d", &major, &minor); err != nil {
		return 0
	}
	return unix.Mkdev(major, minor)
}

// searchFiles looks through the open files of all other processes. A process
// that is gone meanwhile, or may not be looked at, has none.
func (h host) searchFiles(forWriting bool, match func(*unix.Statx_t) (prefix string, ok bool)) (string, error) {
	processes, err := os.ReadDir(h.proc)
	if err != nil {
		return "", err
	}
	for _, p := range processes {
		if pid, err := strconv.Atoi(p.Name()); err != nil || pid == os.Getpid() {
			continue
		}
		dir := filepath.Join(h.proc, p.Name())
		files, _ := os.ReadDir(filepath.Join(dir, "fd"))
		for _, f := range files {
			prefix, ok := h.isFile(dir, f.Name(), forWriting, match)
			if !ok {
				continue
			}
			how := "open"
			if forWriting {
				how = "open for writing"
			}
			return fmt.Sprintf("%s%s by process %s (%s)", prefix, how, p.Name(), h.read(dir, "comm")), nil
		}
	}
	return "", nil
}

// isFile looks at one open file of a process.
func (h host) isFile(process, fd string, forWriting bool, match func(*unix.Statx_t) (string, bool)) (prefix string, ok bool) {
	link := filepath.Join(process, "fd", fd)
	if target, err := os.Readlink(link); err != nil || !strings.HasPrefix(target, "/") { // a socket, a pipe
		return "", false
	}
	var st unix.Statx_t // a file on a server that does not answer must not hold us up
	if unix.Statx(unix.AT_FDCWD, link, unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_INO, &st) != nil {
		return "", false
	}
	if prefix, ok = match(&st); !ok {
		return "", false
	}
	flags := h.openFlags(process, fd)
	if flags&unix.O_PATH != 0 {
		return "", false
	}
	return prefix, !forWriting || flags&unix.O_ACCMODE != unix.O_RDONLY
}

// openFlags are what a file was opened with; of one that is closed again, as
// for nothing at all.
func (h host) openFlags(process, fd string) int {
	for line := range strings.Lines(h.read(process, "fdinfo/"+fd)) {
		if octal, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseInt(strings.TrimSpace(octal), 8, 64)
			if err != nil {
				break
			}
			return int(flags)
		}
	}
	return unix.O_PATH
}
