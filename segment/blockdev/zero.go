package blockdev

import (
	"io"
	"sync"

	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

// way is one of the ways to make sectors read as zeroes, best first. What a
// device is capable of, it tells when it is asked to do it.
//
// A plain discard is none of them: what a device shows afterwards is anything.
type way uint8

const (
	unmap    way = iota // the room is given back, and it is promised to read as zeroes
	zeroOut             // the device writes zeroes, or the kernel does
	writeOut            // we do: files on a file system that knows neither
)

const (
	punchHole = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	zeroRange = unix.FALLOC_FL_ZERO_RANGE | unix.FALLOC_FL_KEEP_SIZE
)

// zeroPages are never written to, so all of them are the kernel's one page of
// zeroes.
var zeroPages = sync.OnceValues(func() ([]byte, error) {
	return unix.Mmap(-1, 0, 1<<20, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
})

func (o *Op) prepZero(sqe *uring.SQE, fd int) {
	if o.Kind == Zero {
		o.tried = max(o.tried, zeroOut)
	}
	switch o.tried {
	case unmap:
		sqe.PrepFallocate(fd, punchHole, o.Offset, o.Length)
	case zeroOut:
		sqe.PrepFallocate(fd, zeroRange, o.Offset, o.Length)
	case writeOut:
		sqe.PrepWrite(fd, o.zeroes(), o.Offset+o.done, 0)
	}
}

// zeroes is what is to be written next.
func (o *Op) zeroes() []byte {
	pages, err := zeroPages()
	if err != nil {
		return nil
	}
	return pages[:min(int64(len(pages)), o.Length-o.done)]
}

// zeroOn takes the result of one step, and tells whether another one follows.
func (o *Op) zeroOn(res int32) bool {
	switch {
	case o.tried == writeOut:
		o.done += int64(max(res, 0))
		return res > 0 && o.done < o.Length
	case res < 0 && notKnown(unix.Errno(-res)):
		o.tried++
		return true
	}
	return false
}

func notKnown(e unix.Errno) bool { return e == unix.EOPNOTSUPP || e == unix.ENODEV || e == unix.ENOSYS }

// zeroError is the error of an operation that had no bytes to give back.
func (o *Op) zeroError() error {
	if o.tried == writeOut && o.done < o.Length {
		return io.ErrUnexpectedEOF
	}
	return nil
}
