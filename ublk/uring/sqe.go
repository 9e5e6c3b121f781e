package uring

import (
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
)

// SQE is one submission entry, in the ring's own memory. GetSQE returns it
// cleared; prepare it with one Prep method, then set its user data.
// SetUserData, SetFlags (IOSQE_*) and the other setters of the embedded entry
// may follow Prep.
//
// The Prep methods store the address of a buffer as a number. They do not keep
// the buffer alive, nor in place.
type SQE struct {
	abi.SubmissionQueueEntry64
}

// cmdOffset is where the payload of a URING_CMD begins: 16 bytes in a narrow
// entry, 80 in a wide one.
const cmdOffset = 48

// PrepNop prepares an entry that does nothing but complete.
func (e *SQE) PrepNop() { e.PrepOperation(abi.IORING_OP_NOP, -1, 0, 0, 0) }

// PrepRead prepares a pread of len(buf) bytes at off.
func (e *SQE) PrepRead(fd int, buf []byte, off int64) {
	e.PrepOperation(abi.IORING_OP_READ, int32(fd), addr(buf), uint32(len(buf)), uint64(off))
}

// PrepWrite prepares a pwrite of len(buf) bytes at off. rwFlags are RWF_*:
// unix.RWF_DSYNC completes it only when it is durable.
func (e *SQE) PrepWrite(fd int, buf []byte, off int64, rwFlags uint32) {
	e.PrepOperation(abi.IORING_OP_WRITE, int32(fd), addr(buf), uint32(len(buf)), uint64(off))
	e.SetOpFlags(rwFlags)
}

// PrepWriteFixed is PrepWrite for a buffer that lies in the region with the
// given index, as Ring.Registered tells it.
func (e *SQE) PrepWriteFixed(fd int, buf []byte, off int64, rwFlags uint32, index uint16) {
	e.PrepOperation(abi.IORING_OP_WRITE_FIXED, int32(fd), addr(buf), uint32(len(buf)), uint64(off))
	e.SetOpFlags(rwFlags)
	e.SetBufIndex(index)
}

// PrepFsync prepares an fsync, or an fdatasync when dataOnly is set. It covers
// writes completed before it is submitted; it is not ordered behind entries in
// flight.
func (e *SQE) PrepFsync(fd int, dataOnly bool) {
	e.PrepOperation(abi.IORING_OP_FSYNC, int32(fd), 0, 0, 0)
	if dataOnly {
		e.SetOpFlags(abi.IORING_FSYNC_DATASYNC)
	}
}

// PrepFallocate prepares fallocate(fd, mode, off, length): discards and zeroes
// of files and block devices.
func (e *SQE) PrepFallocate(fd int, mode uint32, off, length int64) {
	e.PrepOperation(abi.IORING_OP_FALLOCATE, int32(fd), uint64(length), mode, uint64(off))
}

// PrepTimeout prepares an entry that completes with -ETIME after the given
// time. The kernel reads ts when the entry is submitted; like a buffer it must
// stay in place until then.
func (e *SQE) PrepTimeout(ts *Timespec) {
	e.PrepOperation(abi.IORING_OP_TIMEOUT, -1, uint64(uintptr(unsafe.Pointer(ts))), 1, 0)
}

// PrepCancel prepares the cancellation of every entry in flight that carries
// the user data. The cancelled ones complete by themselves with -ECANCELED;
// this one completes with their number, or with -ENOENT.
func (e *SQE) PrepCancel(userData uint64) {
	e.PrepOperation(abi.IORING_OP_ASYNC_CANCEL, -1, userData, 0, 0)
	e.SetOpFlags(IORING_ASYNC_CANCEL_ALL)
}

// PrepURingCmd prepares a driver's own command on fd. Its payload is written
// through Cmd.
func (e *SQE) PrepURingCmd(fd int, op uint32) {
	e.PrepOperation(abi.IORING_OP_URING_CMD, int32(fd), 0, 0, uint64(op))
}

// Cmd returns the payload of a URING_CMD: 16 bytes, or 80 in a wide ring.
func (e *SQE) Cmd() unsafe.Pointer { return unsafe.Add(unsafe.Pointer(e), cmdOffset) }

func addr(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
