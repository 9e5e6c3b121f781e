package blockdev

import (
	"io"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

// slot is an operation that is under way.
type slot struct {
	op    *block.Op // nil = the slot is free
	tried way       // of a Discard or Zero
	done  int64     // bytes of it that were written out
}

// Executor carries out operations on a ring. It belongs to the ring's thread.
type Executor struct {
	ring  *uring.Ring
	sqe   func() *uring.SQE // never nil
	fd    func(block.Dev) int
	slots []slot            // by user data
	times []*uring.Timespec // by user data: where the kernel reads for how long a Wait is
	free  []uint32

	reads *atomic.Int32 // of backings; nil = nobody asks
}

// NewExecutor makes an executor. sqe gives the next entry of the ring, fd the
// open descriptor of a backing. User data is small: below the number of
// operations that were ever under way at once.
func NewExecutor(ring *uring.Ring, sqe func() *uring.SQE, fd func(block.Dev) int) *Executor {
	return &Executor{ring: ring, sqe: sqe, fd: fd}
}

// CountReads makes n the number of reads of backings that are under way,
// together with those of other executors.
func (x *Executor) CountReads(n *atomic.Int32) { x.reads = n }

// count takes note of an operation that starts, or ends.
func (x *Executor) count(op *block.Op, by int32) {
	if op.Dev != block.Cache && op.Kind == block.Read && x.reads != nil {
		x.reads.Add(by)
	}
}

// InFlight is how many operations are under way.
func (x *Executor) InFlight() int { return len(x.slots) - len(x.free) }

// Start prepares an operation; it goes out when the ring is submitted.
func (x *Executor) Start(op *block.Op) {
	if len(x.free) == 0 {
		x.free = append(x.free, uint32(len(x.slots)))
		x.slots = append(x.slots, slot{})
		x.times = append(x.times, new(uring.Timespec))
	}
	at := x.free[len(x.free)-1]
	x.free = x.free[:len(x.free)-1]
	x.slots[at] = slot{op: op}
	x.count(op, 1)
	x.prepare(at)
}

// prepare fills an entry with the operation in a slot, or with its next step.
func (x *Executor) prepare(at uint32) {
	s := &x.slots[at]
	op, sqe := s.op, x.sqe()
	fd := x.descriptor(op)
	switch op.Kind {
	case block.Read:
		sqe.PrepRead(fd, op.Buf, op.Offset)
	case block.Write:
		if i, ok := x.ring.Registered(op.Buf); ok {
			sqe.PrepWriteFixed(fd, op.Buf, op.Offset, rwFlags(op), i)
		} else {
			sqe.PrepWrite(fd, op.Buf, op.Offset, rwFlags(op))
		}
	case block.Flush:
		sqe.PrepFsync(fd, true)
	case block.Discard, block.Zero:
		s.prepZero(sqe, fd)
	case block.Wait:
		*x.times[at] = uring.TimespecOf(op.For)
		sqe.PrepTimeout(x.times[at])
	}
	sqe.SetUserData(uint64(at))
}

// descriptor is that of the disk which an operation is for; -1 if it is for none.
func (x *Executor) descriptor(op *block.Op) int {
	switch {
	case op.Kind == block.Wait:
		return -1
	case op.Dev == block.Cache:
		return op.Disk.FD()
	}
	return x.fd(op.Dev)
}

// rwFlags asks for FUA as a block device and a file both understand it.
func rwFlags(op *block.Op) uint32 {
	if op.FUA {
		return unix.RWF_DSYNC
	}
	return 0
}

// Completed takes a completion and tells the operation's sink. It returns the
// operation, which is the sink's again; nil if there is more to do for it.
func (x *Executor) Completed(userData uint64, res int32) *block.Op {
	s := &x.slots[userData]
	op := s.op
	zeroes := op.Kind == block.Discard || op.Kind == block.Zero
	if zeroes && s.zeroOn(res) {
		x.prepare(uint32(userData))
		return nil
	}
	var err error
	switch {
	case op.Kind == block.Wait && res == -int32(unix.ETIME): // its time has passed
	case res < 0:
		err = unix.Errno(-res)
	case (op.Kind == block.Read || op.Kind == block.Write) && int(res) != len(op.Buf):
		err = io.ErrUnexpectedEOF
	case zeroes:
		err = s.zeroError()
	}
	*s = slot{}
	x.free = append(x.free, uint32(userData))
	x.count(op, -1)
	op.Sink.Done(op, err)
	return op
}
