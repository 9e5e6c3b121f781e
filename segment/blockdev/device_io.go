package blockdev

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	smallestBlock = 512
	largestBlock  = 4096
)

// transfer goes on after short transfers. At the end of the device it returns
// io.EOF, as an io.ReaderAt must.
func (d *Device) transfer(name string, b []byte, off int64, call func(int, []byte, int64) (int, error)) (int, error) {
	done := 0
	for done < len(b) {
		n, err := call(d.fd, b[done:], off+int64(done))
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return done, fmt.Errorf("%s %s at %d: %w", name, d.path, off+int64(done), err)
		case n == 0:
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

func (d *Device) describeBlock() error {
	if err := ioctlGet(d.fd, unix.BLKGETSIZE64, unsafe.Pointer(&d.size)); err != nil {
		return fmt.Errorf("ask for the size: %w", err)
	}
	var logical, physical int32
	if err := ioctlGet(d.fd, unix.BLKSSZGET, unsafe.Pointer(&logical)); err != nil {
		return fmt.Errorf("ask for the logical block: %w", err)
	}
	if err := ioctlGet(d.fd, unix.BLKPBSZGET, unsafe.Pointer(&physical)); err != nil {
		return fmt.Errorf("ask for the physical block: %w", err)
	}
	d.logical, d.physical = uint32(logical), uint32(max(logical, physical))
	return nil
}

// describeFile never fails: a file always has a size, and where direct I/O
// wants more than a sector is found out.
func (d *Device) describeFile(st *unix.Stat_t) {
	d.size = uint64(st.Size)
	d.logical = directAlignment(d.fd)
	d.physical = largestBlock
}

// directAlignment is the alignment that direct I/O on a file needs. Kernels
// from 6.1 on tell; others are tried.
func directAlignment(fd int) uint32 {
	var sx unix.Statx_t
	err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &sx)
	if err == nil && sx.Mask&unix.STATX_DIOALIGN != 0 && sx.Dio_offset_align != 0 {
		if sx.Dio_offset_align <= smallestBlock {
			return smallestBlock
		}
		return largestBlock
	}
	page, err := mem.Alloc(largestBlock)
	if err != nil {
		return largestBlock
	}
	defer mem.Free(page)
	if _, err := unix.Pread(fd, page[:smallestBlock], 0); err != nil {
		return largestBlock
	}
	return smallestBlock
}

func ioctlGet(fd int, req uint, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(req), uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
