package blockdev

import (
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// checkFit refuses what Linux lets one open for writing all the same, to fail
// each write later.
func (d *Device) checkFit() error {
	switch {
	case d.file:
		return nil
	case d.size == 0:
		return d.noMedium()
	case d.isReadOnly():
		return d.readOnly()
	case thisHost.queue(d.major, d.minor, "zoned") == "host-managed":
		return fmt.Errorf("%s: %w: it is a zoned disk (host-managed), whose zones are only written in order; take another disk, or a device that hides the zones, as dm-zoned makes", d.path, ErrUnfit)
	}
	return nil
}

// isReadOnly tells whether the kernel refuses writes to a block device. One
// that could not be opened is asked by way of sysfs.
func (d *Device) isReadOnly() bool {
	if d.fd >= 0 {
		var ro int32
		return ioctlGet(d.fd, unix.BLKROGET, unsafe.Pointer(&ro)) == nil && ro != 0
	}
	var st unix.Stat_t
	return unix.Stat(d.path, &st) == nil && thisHost.isReadOnly(unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

func (h host) isReadOnly(major, minor uint32) bool {
	dir, err := h.blockDir(major, minor)
	return err == nil && h.read(dir, "ro") == "1"
}

// BecameReadOnly tells whether the kernel refuses writes to a block device by
// now, which was opened for them. It may be called at any time, also while the
// device is closed.
func (d *Device) BecameReadOnly() bool { return !d.file && thisHost.isReadOnly(d.major, d.minor) }

func (d *Device) readOnly() error {
	return fmt.Errorf("%s: %w: it is read-only; `blockdev --setrw %s` makes it writable, if nothing else protects it", d.path, ErrUnfit, d.path)
}

func (d *Device) noMedium() error {
	return fmt.Errorf("%s: %w: it has no medium in it, or one without any room", d.path, ErrUnfit)
}

// Resized tells, in bytes, how large the device was when it was opened, and how
// large it is now. A device that is gone is as large as it was. It may be
// called at any time, also while the device is closed.
func (d *Device) Resized() (was, now uint64) {
	if d.file {
		var st unix.Stat_t
		if unix.Stat(d.path, &st) == nil && inode(&st) == d.inode {
			return d.size, uint64(st.Size)
		}
		return d.size, d.size
	}
	dir, err := thisHost.blockDir(d.major, d.minor)
	if err != nil {
		return d.size, d.size
	}
	sectors, err := strconv.ParseUint(thisHost.read(dir, "size"), 10, 64)
	if err != nil {
		return d.size, d.size
	}
	return d.size, sectors * smallestBlock
}
