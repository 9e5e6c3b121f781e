package ublk

import (
	"errors"
	"fmt"
	"time"

	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

const (
	// stallPause is how long a queue pauses when the kernel is short of memory
	// for its ring.
	stallPause = time.Millisecond
	// maxStalls in a row, about 10 s, end the queue.
	maxStalls = 10000
)

// stall decides what a refusal of the ring means: to try again, which it pauses
// for, or the end of the queue.
func (q *Queue) stall(err error) error {
	q.stalls++
	if q.err == nil && q.stalls < maxStalls && (errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EBUSY)) {
		time.Sleep(stallPause)
		return nil
	}
	q.fail(fmt.Errorf("ublk device %d: queue %d: %w", q.dev.id, q.id, err))
	return q.err
}

// entry returns a free entry of the ring. When the ring cannot be emptied it
// returns one that leads nowhere, so that no caller has to deal with an end
// that the next iteration brings anyway.
func (q *Queue) entry() *uring.SQE {
	for {
		if sqe := q.ring.GetSQE(); sqe != nil {
			return sqe
		}
		if err := q.ring.Submit(); err != nil && q.stall(err) != nil {
			q.spare.Reset()
			return q.spare
		}
	}
}
