package blockdev

import (
	"io/fs"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Key is what a path leads to, whatever the path: a block device or a file. Two
// keys are equal if they are of the same one. The zero key is of nothing.
type Key struct {
	Number uint64 // of the block device; 0 for a file
	fs     uint64
	inode  uint64
}

// KeyOf is the key of what a stat has found.
func KeyOf(info fs.FileInfo) Key {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Key{}
	}
	return keyOf(st.Mode, st.Rdev, st.Dev, st.Ino)
}

func keyOf(mode uint32, number, fs, inode uint64) Key {
	if mode&unix.S_IFMT == unix.S_IFBLK {
		return Key{Number: number}
	}
	return Key{fs: fs, inode: inode}
}

// Node is where the kernel has a block device in /dev; "" for a file, or if it
// has none.
func (k Key) Node() string {
	if k.Number == 0 {
		return ""
	}
	dir, err := thisHost.blockDir(unix.Major(k.Number), unix.Minor(k.Number))
	if err != nil {
		return ""
	}
	return "/dev/" + filepath.Base(dir)
}

// Key is what was opened. It stays what it was when the path leads elsewhere,
// or the device is closed.
func (d *Device) Key() Key { return d.key }
