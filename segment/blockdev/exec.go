package blockdev

import (
	"io"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

// Executor carries out operations on a ring. It belongs to the ring's thread.
type Executor struct {
	ring  *uring.Ring
	sqe   func() *uring.SQE // never nil
	fd    func(Dev) int
	slots []*Op // by user data
	free  []uint32

	reads *atomic.Int32 // of backings; nil = nobody asks
}

// NewExecutor makes an executor. sqe gives the next entry of the ring, fd the
// open descriptor of a backing. User data is small: below the number of
// operations that were ever under way at once.
func NewExecutor(ring *uring.Ring, sqe func() *uring.SQE, fd func(Dev) int) *Executor {
	return &Executor{ring: ring, sqe: sqe, fd: fd}
}

// CountReads makes n the number of reads of backings that are under way,
// together with those of other executors.
func (x *Executor) CountReads(n *atomic.Int32) { x.reads = n }

// count takes note of an operation that starts, or ends.
func (x *Executor) count(op *Op, by int32) {
	if op.Dev != Cache && op.Kind == Read && x.reads != nil {
		x.reads.Add(by)
	}
}

// InFlight is how many operations are under way.
func (x *Executor) InFlight() int { return len(x.slots) - len(x.free) }

// Start prepares an operation; it goes out when the ring is submitted.
func (x *Executor) Start(op *Op) {
	if len(x.free) == 0 {
		x.free = append(x.free, uint32(len(x.slots)))
		x.slots = append(x.slots, nil)
	}
	slot := x.free[len(x.free)-1]
	x.free = x.free[:len(x.free)-1]
	x.slots[slot] = op
	op.tried, op.done = unmap, 0
	x.count(op, 1)
	x.prepare(op, slot)
}

func (x *Executor) prepare(op *Op, slot uint32) {
	sqe := x.sqe()
	fd := op.FD
	if op.Dev != Cache {
		fd = x.fd(op.Dev)
	}
	switch op.Kind {
	case Read:
		sqe.PrepRead(fd, op.Buf, op.Offset)
	case Write:
		if i, ok := x.ring.Registered(op.Buf); ok {
			sqe.PrepWriteFixed(fd, op.Buf, op.Offset, rwFlags(op), i)
		} else {
			sqe.PrepWrite(fd, op.Buf, op.Offset, rwFlags(op))
		}
	case Flush:
		sqe.PrepFsync(fd, true)
	case Discard, Zero:
		op.prepZero(sqe, fd)
	}
	sqe.SetUserData(uint64(slot))
}

// rwFlags asks for FUA as a block device and a file both understand it.
func rwFlags(op *Op) uint32 {
	if op.FUA {
		return unix.RWF_DSYNC
	}
	return 0
}

// Completed takes a completion and tells the operation's sink. It returns the
// operation, which is the sink's again; nil if there is more to do for it.
func (x *Executor) Completed(userData uint64, res int32) *Op {
	op := x.slots[userData]
	if (op.Kind == Discard || op.Kind == Zero) && op.zeroOn(res) {
		x.prepare(op, uint32(userData))
		return nil
	}
	x.slots[userData] = nil
	x.free = append(x.free, uint32(userData))
	var err error
	switch {
	case res < 0:
		err = unix.Errno(-res)
	case (op.Kind == Read || op.Kind == Write) && int(res) != len(op.Buf):
		err = io.ErrUnexpectedEOF
	case op.Kind == Discard || op.Kind == Zero:
		err = op.zeroError()
	}
	x.count(op, -1)
	op.Sink.Done(op, err)
	return op
}
