package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// alarm waits with the precision of the kernel's timers. Go's own round a
// sleep up to a millisecond when nothing else runs, which would be the whole
// latency of the disks modelled here.
type alarm struct {
	fd int // an eventfd: readable when somebody rang
}

func newAlarm() (*alarm, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("disk: eventfd: %w", err)
	}
	return &alarm{fd}, nil
}

// sharpen removes the slack the kernel allows itself on this thread's timers.
// The caller has locked its goroutine to the thread.
func (a *alarm) sharpen() error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("disk: timer slack: %w", err)
	}
	return nil
}

// wait returns after d, or when somebody rang; a negative d means no limit.
func (a *alarm) wait(d time.Duration) error {
	var limit *unix.Timespec
	if d >= 0 {
		ts := unix.NsecToTimespec(int64(d))
		limit = &ts
	}
	n, err := unix.Ppoll([]unix.PollFd{{Fd: int32(a.fd), Events: unix.POLLIN}}, limit, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("disk: ppoll: %w", err)
	}
	if n > 0 {
		var drain [8]byte
		if _, err := unix.Read(a.fd, drain[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
			return fmt.Errorf("disk: eventfd: %w", err)
		}
	}
	return nil
}

// ring ends a wait, now or the next one.
func (a *alarm) ring() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	// The only failure is a counter at its maximum, which rings as well.
	_, _ = unix.Write(a.fd, one[:])
}

func (a *alarm) close() error { return unix.Close(a.fd) }
