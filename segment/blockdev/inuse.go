package blockdev

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// CheckUnused returns an [ErrInUse] that says by whom a disk, or one of its
// partitions, is used. It asks the host; the last word has the exclusive open.
func CheckUnused(path string) error {
	by, err := thisHost.usedBy(path)
	if err != nil {
		return fmt.Errorf("look who uses %s: %w", path, err)
	}
	if by != "" {
		return fmt.Errorf("%s: %w: %s", path, ErrInUse, by)
	}
	return nil
}

// usedBy says in words who uses a disk, or "".
func (h host) usedBy(path string) (string, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		return h.fileUsedBy(&st)
	}
	parts, err := h.family(unix.Major(st.Rdev), unix.Minor(st.Rdev))
	if err != nil {
		return "", err
	}
	for _, look := range []func([]blockNode) (string, error){h.mountedAt, h.swappedTo, h.heldBy, h.claimedByMultipath} {
		if by, err := look(parts); err != nil || by != "" {
			return by, err
		}
	}
	return "", nil
}

// blockNode is a block device by number and by its directory in sysfs.
type blockNode struct {
	number uint64
	dir    string
	name   string
	part   bool // a partition of the disk that was asked for
}

// family is a block device and its partitions.
func (h host) family(major, minor uint32) ([]blockNode, error) {
	dir, err := h.blockDir(major, minor)
	if err != nil {
		return nil, err
	}
	nodes := []blockNode{{unix.Mkdev(major, minor), dir, filepath.Base(dir), false}}
	children, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, c := range children {
		sub := filepath.Join(dir, c.Name())
		if !c.IsDir() || !h.exists(sub, "partition") {
			continue
		}
		var major, minor uint32
		if _, err := fmt.Sscanf(h.read(sub, "dev"), "%d:%d", &major, &minor); err != nil {
			return nil, fmt.Errorf("read the device number of %s: %w", c.Name(), err)
		}
		nodes = append(nodes, blockNode{unix.Mkdev(major, minor), sub, c.Name(), true})
	}
	return nodes, nil
}

// prefix names the partition that is meant, if it is one.
func (n *blockNode) prefix() string {
	if n.part {
		return "its partition " + n.name + " is "
	}
	return ""
}

func find(nodes []blockNode, number uint64) *blockNode {
	for i := range nodes {
		if nodes[i].number == number {
			return &nodes[i]
		}
	}
	return nil
}

func (h host) mountedAt(nodes []blockNode) (string, error) {
	mounts, err := h.mounts()
	if err != nil {
		return "", err
	}
	for _, m := range mounts {
		n := find(nodes, unix.Mkdev(uint32(m.Major), uint32(m.Minor)))
		if n == nil {
			n = find(nodes, sourceNumber(m.Source))
		}
		if n != nil {
			return n.prefix() + "mounted at " + m.Mountpoint, nil
		}
	}
	return "", nil
}

func (h host) mounts() ([]*mountinfo.Info, error) {
	f, err := os.Open(filepath.Join(h.proc, "self/mountinfo"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return mountinfo.GetMountsFromReader(f, nil)
}

// sourceNumber is the device number of a mount's source. File systems over
// several disks show a number of their own instead of the disk's.
func sourceNumber(source string) uint64 {
	var st unix.Stat_t
	if !strings.HasPrefix(source, "/") || unix.Stat(source, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return 0
	}
	return st.Rdev
}

func (h host) swappedTo(nodes []blockNode) (string, error) {
	by := ""
	err := h.swaps(func(st *unix.Stat_t) {
		if n := find(nodes, st.Rdev); n != nil && st.Mode&unix.S_IFMT == unix.S_IFBLK {
			by = n.prefix() + "swap space in use: swapoff it first"
		}
	})
	return by, err
}

func (h host) swaps(fn func(*unix.Stat_t)) error {
	f, err := os.Open(filepath.Join(h.proc, "swaps"))
	if os.IsNotExist(err) {
		return nil // a kernel without swap
	}
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the heading
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), " ")
		var st unix.Stat_t
		if unix.Stat(strings.ReplaceAll(name, `\040`, " "), &st) == nil {
			fn(&st)
		}
	}
	return lines.Err()
}

// heldBy looks for devices that are built on this one: device mapper, md, bcache.
func (h host) heldBy(nodes []blockNode) (string, error) {
	for i := range nodes {
		n := &nodes[i]
		holders, err := os.ReadDir(filepath.Join(n.dir, "holders"))
		if err != nil && !os.IsNotExist(err) {
			return "", err
		}
		for _, holder := range holders {
			name := holder.Name()
			if dm := h.read(filepath.Join(n.dir, "holders", name), "dm/name"); dm != "" {
				name += " (" + dm + ")"
			}
			return n.prefix() + "part of " + name, nil
		}
	}
	return "", nil
}

// claimedByMultipath asks udev whether a disk is a path that multipathd has
// made its own, or will: its map may not be there yet, and is to be found free
// when it comes.
func (h host) claimedByMultipath(nodes []blockNode) (string, error) {
	n := &nodes[0]
	data := h.read(h.udev, fmt.Sprintf("data/b%d:%d", unix.Major(n.number), unix.Minor(n.number)))
	for line := range strings.Lines(data) {
		if strings.TrimSpace(line) == "E:DM_MULTIPATH_DEVICE_PATH=1" {
			return "it is a path of a multipath disk: take the map below /dev/mapper, or the disk out of multipath's hands (blacklist in /etc/multipath.conf)", nil
		}
	}
	return "", nil
}

// fileUsedBy looks for swap and loop devices on a file.
func (h host) fileUsedBy(st *unix.Stat_t) (string, error) {
	same := func(o *unix.Stat_t) bool { return o.Dev == st.Dev && o.Ino == st.Ino }
	by := ""
	err := h.swaps(func(o *unix.Stat_t) {
		if same(o) {
			by = "swap space in use: swapoff it first"
		}
	})
	if err != nil || by != "" {
		return by, err
	}
	backing, err := filepath.Glob(filepath.Join(h.sys, "block/loop*/loop/backing_file"))
	if err != nil {
		return "", err
	}
	for _, file := range backing {
		var o unix.Stat_t
		if unix.Stat(h.read(filepath.Dir(file), "backing_file"), &o) == nil && same(&o) {
			return "it lies under /dev/" + filepath.Base(filepath.Dir(filepath.Dir(file))), nil
		}
	}
	return "", nil
}
