package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// alarm waits for sockets, for somebody who rings, and with the precision of the
// kernel's timers. Go's own round a sleep up to a millisecond when nothing else
// runs, which would be the whole latency of the disks modelled here.
type alarm struct {
	fd   int           // an eventfd: readable when somebody rang
	poll []unix.PollFd // the eventfd, then the sessions of the last wait
}

func newAlarm() (*alarm, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("disk: eventfd: %w", err)
	}
	return &alarm{fd: fd}, nil
}

// sharpen removes the slack the kernel allows itself on this thread's timers.
// The caller has locked its goroutine to the thread.
func sharpen() error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("disk: timer slack: %w", err)
	}
	return nil
}

// wait returns when d is over or earlier, and at once when somebody rang, or when
// a client has sent something or takes more of its answers; a negative d means no
// limit.
func (a *alarm) wait(d time.Duration, sessions []*session) error {
	a.poll = append(a.poll[:0], unix.PollFd{Fd: int32(a.fd), Events: unix.POLLIN})
	for _, s := range sessions {
		p := unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN}
		if len(s.out) > 0 {
			p.Events |= unix.POLLOUT
		}
		a.poll = append(a.poll, p)
	}
	if err := a.sleep(d); err != nil {
		return fmt.Errorf("disk: ppoll: %w", err)
	}
	if a.poll[0].Revents != 0 {
		var drain [8]byte
		if _, err := unix.Read(a.fd, drain[:]); err != nil && !errors.Is(err, unix.EAGAIN) {
			return fmt.Errorf("disk: eventfd: %w", err)
		}
	}
	return nil
}

// held is how long a wait keeps its place among the goroutines that Go runs at a
// time. Who gives it up, as every system call that blocks does, has Go's monitor
// thread look for such calls every 20 us for a millisecond: beside a disk that is
// busy it never rests, and takes half as much of a processor as the model does.
const held = 5 * time.Millisecond

// places guards the number of these places: a disk brings its own.
var places sync.Mutex

func addPlace(n int) {
	places.Lock()
	defer places.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}

// sleep waits for what is in poll.
func (a *alarm) sleep(d time.Duration) error {
	first := held
	if d >= 0 {
		first = min(d, held)
	}
	ts := unix.NsecToTimespec(int64(first))
	// A signal, with which Go asks for the place, ends this.
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&a.poll[0])), uintptr(len(a.poll)), uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	switch {
	case errno == unix.EINTR || errno == 0 && (n > 0 || d >= 0):
		return nil
	case errno != 0:
		return errno
	}
	// Nothing has come for long.
	if _, err := unix.Ppoll(a.poll, nil, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return err
	}
	return nil
}

// readable tells whether session i of the last wait has something to receive.
func (a *alarm) readable(i int) bool { return a.poll[i+1].Revents&^unix.POLLOUT != 0 }

// ring ends a wait, now or the next one.
func (a *alarm) ring() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	// The only failure is a counter at its maximum, which rings as well.
	_, _ = unix.Write(a.fd, one[:])
}

func (a *alarm) close() error { return unix.Close(a.fd) }
