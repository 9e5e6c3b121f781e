package uring

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// Event wakes a thread that waits in a ring from any other thread: an eventfd
// whose read is an entry of the ring. That works for every kind of ring, where
// entering another thread's ring would not.
type Event struct {
	mu  sync.Mutex // keeps Signal off a descriptor that Close has given back, and that may be another file by then
	fd  int        // -1 once closed
	buf []byte     // one page: 8 bytes that the kernel writes on a wake-up, then the 8 that Signal sends
}

// NewEvent makes an event that is not signalled.
func NewEvent() (*Event, error) {
	// Blocking on purpose: io_uring waits for a blocking descriptor, and fails
	// a non-blocking one with EAGAIN.
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	buf, err := mem.Alloc(16)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	binary.NativeEndian.PutUint64(buf[8:], 1)
	return &Event{fd: fd, buf: buf}, nil
}

// Arm prepares, in the entry, a read that completes once the event is
// signalled, at once if it was signalled before. The completion resets the
// event; arm it again for the next signal. One read at a time may be armed.
func (e *Event) Arm(sqe *SQE) { sqe.PrepRead(e.fd, e.buf[:8], 0) }

// Signal completes the armed read, or the next one. It may be called from any
// thread, does not wait, and does nothing after Close.
func (e *Event) Signal() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fd < 0 {
		return
	}
	for {
		// The only other failure is a counter near 2^64, which means it is
		// signalled anyway.
		if _, err := unix.Write(e.fd, e.buf[8:16]); err != unix.EINTR {
			return
		}
	}
}

// Close gives the event back. No read may be armed: cancel it, or close its
// ring, before.
func (e *Event) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fd < 0 {
		return nil
	}
	fd := e.fd
	e.fd = -1
	if err := errors.Join(unix.Close(fd), mem.Free(e.buf)); err != nil {
		return fmt.Errorf("eventfd close: %w", err)
	}
	return nil
}
