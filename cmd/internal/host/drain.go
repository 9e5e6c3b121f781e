package host

import (
	"context"
	"fmt"
	"time"
)

// DrainProgress is what a drain reports while it is under way.
type DrainProgress struct {
	DirtyBlocks uint64        // of the device, or of all devices, 4 KiB each
	Segments    uint64        // still to migrate before it is done
	Done        float64       // share of this drain that is done, 0 … 1
	Rate        int64         // bytes/s that go to the backings now
	Left        time.Duration // that it will take; 0 = nobody knows yet
	Waiting     string        // what holds it up, in words; empty if it goes on
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

// reportEvery is how often a drain reports.
const reportEvery = 200 * time.Millisecond

// Drain migrates all that is in the log now. Devices stay attached, and what
// they write meanwhile is not waited for.
func (c *Cache) Drain(ctx context.Context, report func(DrainProgress)) error {
	return c.drain(ctx, 0, report)
}

// drain migrates all that is in the log now, and reports once in a while; dev
// is whose dirty blocks it reports, 0 for all.
func (c *Cache) drain(ctx context.Context, dev uint8, report func(DrainProgress)) error {
	c.worker.draining.Add(1)
	defer c.worker.draining.Add(-1)
	target, err := runOnThread(ctx, c, c.core.CloseCurrent)
	if err != nil {
		return err
	}
	c.worker.wake()
	w := drainWatch{cache: c, dev: dev, target: target, failed: c.Migration().Failed}
	return poll(ctx, func() (bool, error) {
		id, err := c.core.LastMigrated()
		if id >= target || err != nil {
			return true, err
		}
		if report != nil {
			w.sample(time.Now(), id, report)
		}
		return false, w.damaged(id)
	})
}

// drainWatch follows a drain for its reports.
type drainWatch struct {
	cache  *Cache
	dev    uint8
	target uint64    // segment
	start  uint64    // last migrated segment at the first look
	id     uint64    // and at the last
	moved  time.Time // when it last changed
	alive  time.Time // when anything last changed
	last   time.Time // look
	bytes  uint64    // written to backings until then
	rate   float64   // bytes/s, smoothed
	before uint64    // last migrated segment, and how many batches had failed when it was
	failed uint64
}

func (w *drainWatch) sample(now time.Time, id uint64, report func(DrainProgress)) {
	elapsed := now.Sub(w.last)
	if elapsed < reportEvery {
		return
	}
	written := w.cache.written()
	if first := w.last.IsZero(); first {
		w.start, w.id, w.moved, w.alive = id, id, now, now
	} else {
		const smooth = 0.2
		w.rate += smooth * (float64(written-w.bytes)/elapsed.Seconds() - w.rate)
	}
	if id != w.id || written != w.bytes {
		w.alive = now
	}
	if id != w.id {
		w.id, w.moved = id, now
	}
	w.last, w.bytes = now, written
	report(w.progress(now))
}

// progress estimates how far it is. Segments are done by whole batches; between
// two of them, time goes on as far as the batch is expected to take.
func (w *drainWatch) progress(now time.Time) DrainProgress {
	paced, core := w.cache.Pace(), w.cache.core
	p := DrainProgress{Segments: w.target - w.id, Rate: int64(w.rate), Waiting: w.heldUpBy(now)}
	p.DirtyBlocks = core.Gauge().DirtyBlocks
	if w.dev != 0 {
		p.DirtyBlocks = core.DirtyBlocks(w.dev)
	}
	done := float64(w.id - w.start)
	if s := &paced.Snapshot; s.Sustained > 0 {
		each := float64(s.Segment) / float64(s.Sustained) // seconds for a segment
		since := min(now.Sub(w.moved).Seconds(), each*float64(paced.Batch))
		done += 0.95 * since / each
		p.Left = time.Duration(max(0.5, each*float64(p.Segments)-since) * float64(time.Second))
	}
	p.Done = min(0.99, done/float64(max(1, w.target-w.start)))
	return p
}

// still is for how long nothing may move before a drain says what it waits for.
const still = 3 * time.Second

// heldUpBy is what holds a drain up, in words.
func (w *drainWatch) heldUpBy(now time.Time) string {
	s := w.cache.Migration()
	if s.LastError != "" || now.Sub(w.alive) < still {
		return s.LastError
	}
	return fmt.Sprintf("it waits for %s, %v by now", s.Waits(), now.Sub(w.alive).Round(time.Second))
}

// written is how many bytes migration has given to all backings.
func (c *Cache) written() uint64 {
	n := uint64(0)
	for i := range c.worker.written {
		n += c.worker.written[i].Load()
	}
	return n
}
