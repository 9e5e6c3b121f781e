package host

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleeps notices that the machine has slept: one clock of the kernel counts the
// time asleep, the other does not.
type sleeps struct {
	asleep time.Duration // so far, as last seen
	known  bool
	next   time.Time
	clocks func() (boot, monotonic time.Duration, err error)
}

const (
	// sleepEvery is how often the clocks are read: an iteration of a busy thread
	// takes microseconds.
	sleepEvery = 100 * time.Millisecond
	// nap is what is too short for a sleep, and too long for two readings in a row.
	nap = 50 * time.Millisecond
)

// slept tells whether the machine has slept since it was asked last. Between
// two iterations that are far apart, the clocks are always read.
func (s *sleeps) slept(now time.Time) bool {
	if now.Before(s.next) {
		return false
	}
	s.next = now.Add(sleepEvery)
	boot, monotonic, err := s.clocks()
	if err != nil {
		return false
	}
	before, known := s.asleep, s.known
	s.asleep, s.known = boot-monotonic, true
	return known && s.asleep > before+nap
}

// readClocks reads both clocks, that of the time since boot first, so that a pause
// in between looks like no sleep.
func readClocks() (boot, monotonic time.Duration, err error) {
	var b, m unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &b); err != nil {
		return 0, 0, err
	}
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &m); err != nil {
		return 0, 0, err
	}
	return time.Duration(b.Nano()), time.Duration(m.Nano()), nil
}
