package uring

import "time"

// What include/uapi/linux/io_uring.h has and
// github.com/iceber/iouring-go/syscall has not.
const (
	IORING_SETUP_SINGLE_ISSUER uint32 = 1 << 12 // Linux 6.0
	IORING_SETUP_DEFER_TASKRUN uint32 = 1 << 13 // Linux 6.1

	IORING_ENTER_EXT_ARG uint32 = 1 << 3 // Linux 5.11

	IORING_FEAT_EXT_ARG uint32 = 1 << 8 // Linux 5.11

	IORING_ASYNC_CANCEL_ALL uint32 = 1 << 0 // Linux 5.19

	IORING_REGISTER_BUFFERS2       uint8  = 15     // Linux 5.13
	IORING_REGISTER_BUFFERS_UPDATE uint8  = 16     // Linux 5.13
	IORING_RSRC_REGISTER_SPARSE    uint32 = 1 << 0 // Linux 5.19
)

// rsrcRegister is struct io_uring_rsrc_register.
type rsrcRegister struct {
	nr    uint32
	flags uint32
	resv2 uint64
	data  uint64
	tags  uint64
}

// rsrcUpdate is struct io_uring_rsrc_update2.
type rsrcUpdate struct {
	offset uint32 // of the first entry
	resv   uint32
	data   uint64 // address of iovecs; one without a base clears its entry
	tags   uint64
	nr     uint32
	resv2  uint32
}

// getEventsArg is struct io_uring_getevents_arg: the extended argument of
// io_uring_enter.
type getEventsArg struct {
	sigmask   uint64 // address of a signal set, 0 for none
	sigmaskSz uint32 // bytes
	minWait   uint32 // microseconds, 0 for none
	ts        uint64 // address of a timespec64
}

// Timespec is struct __kernel_timespec, the same on every architecture.
type Timespec struct {
	Sec  int64
	Nsec int64 // below 1e9
}

// TimespecOf converts a duration.
func TimespecOf(d time.Duration) Timespec {
	return Timespec{Sec: int64(d / time.Second), Nsec: int64(d % time.Second)}
}

// waitArg is what one enter with a timeout points the kernel at. It lies in a
// page of our own: its address is stored in it as a number, which the Go
// runtime would not follow.
type waitArg struct {
	arg getEventsArg
	ts  Timespec
}
