package blockdev

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// Doubled names another disk of this host that shows the same identity as d, ""
// if there is none: then the identity tells nothing, and is to be treated as
// missing (fingerprint 0). Serial numbers and WWNs are not always unique.
//
// The paths of a multipath map and the map, a loop device and what lies below
// it, and two loop devices over one file are one disk reached in several ways.
// Two paths that no map joins are not: nothing but their identity says that
// they lead to one disk.
func (d *Device) Doubled() (string, error) {
	if d.Identity() == "" {
		return "", nil
	}
	self := d.inode
	if !d.file {
		dir, err := thisHost.blockDir(d.major, d.minor)
		if err != nil {
			return "", fmt.Errorf("look for %s: %w", d.path, err)
		}
		self = thisHost.body(dir, d.Identity())
	}
	return thisHost.double(d.Identity(), self)
}

// KnownBy names a block device of this host that a binding with this
// fingerprint knows, "" if there is none.
func KnownBy(fingerprint uint64) (string, error) {
	return thisHost.find(func(dir string) bool { return slices.Contains(fingerprints(thisHost.identitiesOf(dir)), fingerprint) })
}

// double finds a block device of this identity that is not the disk self, as
// [host.body] calls it.
func (h host) double(identity, self string) (string, error) {
	return h.find(func(dir string) bool {
		ids := h.identitiesOf(dir)
		return len(ids) > 0 && ids[0] == identity && h.body(dir, identity) != self
	})
}

// find looks for a block device, by its directory in sysfs. Paths that nobody
// can open are none.
func (h host) find(is func(dir string) bool) (string, error) {
	class := filepath.Join(h.sys, "class/block")
	names, err := os.ReadDir(class)
	if err != nil {
		return "", fmt.Errorf("list the disks of this host: %w", err)
	}
	for _, n := range names {
		dir, err := filepath.EvalSymlinks(filepath.Join(class, n.Name()))
		if err != nil || !h.exists(dir, "dev") { // it is gone, or a path that nobody can open
			continue
		}
		if is(dir) {
			return "/dev/" + n.Name(), nil
		}
	}
	return "", nil
}

// body calls what an identity belongs to by one name, in whichever way it is
// reached: the topmost map of a path, the file below a loop device. A
// partition's is its disk's, with its own place on it.
func (h host) body(dir, identity string) string {
	if h.exists(dir, "partition") {
		disk := filepath.Dir(dir)
		ids := h.diskIdentities(disk)
		if len(ids) == 0 {
			return dir
		}
		return h.body(disk, ids[0]) + " part=" + h.read(dir, "partition")
	}
	if file := h.read(dir, "loop/backing_file"); file != "" {
		var st unix.Stat_t
		if unix.Stat(file, &st) != nil {
			return dir
		}
		if st.Mode&unix.S_IFMT != unix.S_IFBLK {
			return inode(&st)
		}
		if below, err := h.blockDir(unix.Major(st.Rdev), unix.Minor(st.Rdev)); err == nil {
			return h.body(below, identity)
		}
	}
	holders, _ := os.ReadDir(filepath.Join(dir, "holders"))
	for _, n := range holders {
		above, err := filepath.EvalSymlinks(filepath.Join(dir, "holders", n.Name()))
		if err != nil {
			continue
		}
		if ids := h.diskIdentities(above); len(ids) > 0 && ids[0] == identity {
			return h.body(above, identity)
		}
	}
	return dir
}

func inode(st *unix.Stat_t) string { return fmt.Sprintf("%d:%d", st.Dev, st.Ino) }
