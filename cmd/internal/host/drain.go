package host

import (
	"context"
	"time"
)

// DetachProgress is what a detach reports while it drains.
type DetachProgress struct {
	DirtyBlocks uint64 // of the device, 4 KiB each
	Segments    uint64 // still to migrate before it is done
	Waiting     string // what holds it up, in words; empty if it goes on
}

// pollEvery is how often a control command looks whether its condition holds.
const pollEvery = 5 * time.Millisecond

// poll waits until cond holds, fails, or ctx ends.
func poll(ctx context.Context, cond func() (bool, error)) error {
	for {
		if ok, err := cond(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
}

// drain migrates all that is in the log now, and reports once in a while.
func (c *Cache) drain(ctx context.Context, dev uint8, report func(DetachProgress)) error {
	c.worker.draining.Add(1)
	defer c.worker.draining.Add(-1)
	target, err := on(ctx, c, c.core.CloseCurrent)
	if err != nil {
		return err
	}
	c.worker.wake()
	var last time.Time
	return poll(ctx, func() (bool, error) {
		id, err := c.core.LastMigrated()
		if now := time.Now(); report != nil && id < target && now.Sub(last) > 200*time.Millisecond {
			last = now
			report(DetachProgress{DirtyBlocks: c.core.DirtyBlocks(dev), Segments: target - id, Waiting: c.Migration().LastError})
		}
		return id >= target, err
	})
}
