package blockdev

import (
	"io"
	"sync"

	"github.com/ublk-lc/ublk-lc/segment/block"
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

func (s *slot) prepZero(sqe *uring.SQE, fd int) {
	if s.op.Kind == block.Zero {
		s.tried = max(s.tried, zeroOut)
	}
	switch s.tried {
	case unmap:
		sqe.PrepFallocate(fd, punchHole, s.op.Offset, s.op.Length)
	case zeroOut:
		sqe.PrepFallocate(fd, zeroRange, s.op.Offset, s.op.Length)
	case writeOut:
		sqe.PrepWrite(fd, s.zeroes(), s.op.Offset+s.done, 0)
	}
}

// zeroes is what is to be written next.
func (s *slot) zeroes() []byte {
	pages, err := zeroPages()
	if err != nil {
		return nil
	}
	return pages[:min(int64(len(pages)), s.op.Length-s.done)]
}

// zeroOn takes the result of one step, and tells whether another one follows.
func (s *slot) zeroOn(res int32) bool {
	switch {
	case s.tried == writeOut:
		s.done += int64(max(res, 0))
		return res > 0 && s.done < s.op.Length
	case res < 0 && notKnown(unix.Errno(-res)):
		s.tried++
		return true
	}
	return false
}

func notKnown(e unix.Errno) bool { return e == unix.EOPNOTSUPP || e == unix.ENODEV || e == unix.ENOSYS }

// zeroError is the error of an operation that had no bytes to give back.
func (s *slot) zeroError() error {
	if s.tried == writeOut && s.done < s.op.Length {
		return io.ErrUnexpectedEOF
	}
	return nil
}
