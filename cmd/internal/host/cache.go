package host

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// ErrHasDevices is returned when a cache that devices are attached to would be
// freed.
var ErrHasDevices = errors.New("devices are attached")

// CacheOptions is what may be chosen at resume.
type CacheOptions struct {
	BufferBytes int // memory for RAM buffers; 0 = 64 MiB
	Logf        func(format string, args ...any)
	Progress    func(slots, of uint64) // of the log, read by recovery; may be nil
	Swappable   bool                   // the index may be swapped out, although the process locks its memory
}

// Cache is a resumed cache with its thread.
type Cache struct {
	id     uint8
	dev    *blockdev.Device
	super  segment.Super // as it was at resume
	core   *logcache.Cache
	worker *worker
	logf   func(string, ...any)

	latency latency
	refused sync.Once // said that a ring does without its RAM buffers

	mu      sync.Mutex
	devices map[uint8]*Device // attached
}

// ResumeCache recovers the log on dev and starts the cache's thread. On
// success dev belongs to the cache. The recovery is returned even with an
// error, if it got that far.
func ResumeCache(id uint8, dev *blockdev.Device, opt CacheOptions) (*Cache, *segment.Recovery, error) {
	c := &Cache{id: id, dev: dev, logf: opt.Logf, devices: map[uint8]*Device{}}
	if c.logf == nil {
		c.logf = func(string, ...any) {}
	}
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dev.Path(), err)
	}
	c.super = *super
	if c.worker, err = newWorker(); err != nil {
		return nil, nil, err
	}
	cfg := logcache.Config{BufferBytes: opt.BufferBytes, Disk: dev, Wake: c.worker.wake, Clock: c.worker.now, Events: &logcache.Events{
		Progress: c.worker.onProgress,
		Closed:   c.worker.onSegmentClosed,
		Waiting:  c.worker.wake,
		Broken:   func(err error) { go c.logf("cache %d on %s takes no more writes: %v", id, dev.Path(), err) },
	}, Loaders: runtime.GOMAXPROCS(0), Progress: opt.Progress, Swappable: opt.Swappable}
	reader := blockdev.NewBatchReader(dev)
	core, rec, err := logcache.Resume(reader, cfg)
	reader.Close()
	if err != nil {
		return nil, rec, errors.Join(fmt.Errorf("resume %s: %w", dev.Path(), err), c.worker.event.Close())
	}
	c.core, c.latency.core = core, core
	c.latency.settings, c.latency.wake = &c.worker.settings, c.worker.wake
	c.worker.latency, c.worker.register = &c.latency, c.register
	if err := c.worker.start(core); err != nil {
		return nil, rec, errors.Join(err, c.worker.event.Close(), core.Free())
	}
	return c, rec, nil
}

// ID is the cache's id at run time.
func (c *Cache) ID() uint8 { return c.id }

// Core is the state machine.
func (c *Cache) Core() *logcache.Cache { return c.core }

// Dev is the cache device.
func (c *Cache) Dev() *blockdev.Device { return c.dev }

// Super is the superblock as it was at resume: what does not change is in it.
func (c *Cache) Super() segment.Super { return c.super }

// Migration is what the migration has done and is doing.
func (c *Cache) Migration() migrate.Status { return *c.worker.status.Load() }

// Settings are those of migration and throttling that are in force.
func (c *Cache) Settings() pace.Settings { return *c.worker.settings.Load() }

// Pace is what was last decided about migration and writers, and from what.
func (c *Cache) Pace() pace.State { return *c.worker.paced.Load() }

// Written is how many bytes migration has given to the backing of a device.
func (c *Cache) Written(dev uint8) uint64 { return c.worker.written[dev].Load() }

// Apply puts settings in force, for the batch under way too.
func (c *Cache) Apply(s pace.Settings) {
	c.worker.settings.Store(&s)
	c.worker.wake()
}

// Latencies are how long reads and writes of the cache device take, as far as
// that is measured; 0 = it is not.
func (c *Cache) Latencies() (read, write time.Duration) {
	f := c.latency.figures()
	return f.Read, f.Write
}

// runOnThread runs f on the cache's thread and waits for its result.
func runOnThread[T any](ctx context.Context, c *Cache, f func() T) (T, error) {
	got := make(chan T, 1)
	c.core.Background().Do(func(*logcache.Port) { got <- f() })
	select {
	case v := <-got:
		return v, nil
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	case <-c.worker.done:
		var zero T
		return zero, fmt.Errorf("cache %d: its thread has ended: %w", c.id, c.worker.err)
	}
}

// await starts a change of the superblock, and waits for its report. The change
// cannot be taken back half-way, so nothing but the end of the thread cuts the
// wait short.
func (c *Cache) await(start func(done func(error))) error {
	got := make(chan error, 1)
	start(func(err error) { got <- err })
	select {
	case err := <-got:
		return err
	case <-c.worker.done:
		return fmt.Errorf("cache %d: its thread has ended: %w", c.id, c.worker.err)
	}
}

// FlushCurrent makes all that was written so far durable on the cache device.
func (c *Cache) FlushCurrent(ctx context.Context) error {
	seq, err := runOnThread(ctx, c, c.core.FlushCurrent)
	if err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) { return c.core.Durable(seq) })
}

// CommitSuper writes the superblock.
func (c *Cache) CommitSuper() error { return c.await(c.core.CommitSuper) }

// GiveUp gives all data up that the log holds of a device, which must not be
// attached: see [logcache.Cache.GiveUp].
func (c *Cache) GiveUp(dev uint8) error {
	return c.await(func(done func(error)) { c.core.GiveUp(dev, done) })
}

// Free makes the log durable, marks it clean, and lets the device go. Dirty
// data stays in the log for the next resume.
func (c *Cache) Free(ctx context.Context) error {
	c.mu.Lock()
	n := len(c.devices)
	c.mu.Unlock()
	if n > 0 {
		return fmt.Errorf("cache %d: %w: %d", c.id, ErrHasDevices, n)
	}
	err := c.FlushCurrent(ctx)
	if err == nil {
		err = c.await(c.core.MarkClean)
	}
	if err != nil && !errors.Is(err, logcache.ErrBroken) {
		return err // the cache lives on
	}
	// A broken cache is freed all the same: its log is as durable as it will
	// ever be.
	return errors.Join(c.worker.stop(), c.core.Free(), c.dev.Close())
}
