package server

import (
	"context"
	"fmt"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// daemon is the autonomous control: at its intervals it looks how busy the backings are and allows migration or not,
// makes logs durable, and writes superblocks.
type daemon struct {
	m      *Manager
	cancel context.CancelFunc
	done   chan struct{}
	timers map[uint8]*timers // by cache; they belong to the goroutine
	loads  loads             // by device; they belong to the goroutine
}

// timers says when a cache's turn came last.
type timers struct {
	update, flush, commit time.Time
	flushed               uint64 // last flushed segment at the last flush
	busy                  chan struct{}
}

const (
	daemonTick = time.Second
	// upkeepLimit bounds a periodic flush or superblock.
	upkeepLimit = 30 * time.Second
)

// StartDaemon starts the autonomous control.
func (m *Manager) StartDaemon() (*control.Done, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return nil, control.Errorf(control.Busy, "the server is shutting down")
	}
	if m.daemon != nil {
		return &control.Done{Text: "the daemon runs already"}, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.daemon = &daemon{m: m, cancel: cancel, done: make(chan struct{}), timers: map[uint8]*timers{}, loads: loads{}}
	go m.daemon.run(ctx)
	return &control.Done{Text: "the daemon runs"}, nil
}

// StopDaemon ends it. Migration is then what the administrator last set.
func (m *Manager) StopDaemon() (*control.Done, error) {
	if !m.stopDaemon() {
		return &control.Done{Text: "the daemon did not run"}, nil
	}
	return &control.Done{Text: "the daemon is stopped"}, nil
}

func (m *Manager) stopDaemon() bool {
	m.mu.Lock()
	a := m.daemon
	m.daemon = nil
	m.mu.Unlock()
	if a == nil {
		return false
	}
	a.cancel()
	<-a.done
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.daemon != nil {
		return true // another command has started it again
	}
	for _, c := range m.caches {
		c.modulated = false
		if c.host != nil {
			c.applyLocked()
		}
	}
	for _, d := range m.devices {
		d.busy = 0
	}
	return true
}

// DaemonStatus tells whether it runs.
func (m *Manager) DaemonStatus() control.DaemonStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	return control.DaemonStatus{Running: m.daemon != nil, LastError: m.daemonErr}
}

// run is the goroutine.
func (a *daemon) run(ctx context.Context) {
	defer close(a.done)
	ticks := time.NewTicker(daemonTick)
	defer ticks.Stop()
	for now := time.Now(); ; {
		caches, devices := a.m.snapshot()
		for i := range caches {
			if caches[i].host != nil {
				a.tend(ctx, now, &caches[i], devices)
			}
		}
		a.forget(caches, devices)
		a.m.watchSizes()
		select {
		case <-ctx.Done():
			for _, t := range a.timers {
				<-t.busy // upkeep under way ends with ctx
			}
			return
		case now = <-ticks.C:
		}
	}
}

// forget drops what is kept for caches and devices that are gone.
func (a *daemon) forget(caches []cache, devices []device) {
	for id := range a.timers {
		if !has(caches, func(c *cache) bool { return c.id == id }) {
			delete(a.timers, id)
		}
	}
	for id := range a.loads {
		if !has(devices, func(d *device) bool { return d.id == id }) {
			delete(a.loads, id)
		}
	}
}

func has[T any](list []T, is func(*T) bool) bool {
	for i := range list {
		if is(&list[i]) {
			return true
		}
	}
	return false
}

// tend does for one cache what is due.
func (a *daemon) tend(ctx context.Context, now time.Time, c *cache, devices []device) {
	t := a.timers[c.id]
	if t == nil {
		t = &timers{flush: now, commit: now, busy: make(chan struct{}, 1)}
		t.busy <- struct{}{}
		a.timers[c.id] = t
	}
	if due(&t.update, now, c.settings.UpdateInterval) {
		a.modulate(now, c, devices)
	}
	flush := due(&t.flush, now, c.settings.FlushInterval)
	commit := due(&t.commit, now, c.settings.CommitInterval)
	if flush { // only what nothing else has made durable
		id := c.host.Core().Status().LastFlushedID
		flush, t.flushed = id == t.flushed, id
	}
	if !flush && !commit {
		return
	}
	select {
	case <-t.busy:
		go a.upkeep(ctx, c.id, flush, commit, t.busy)
	default: // the last one is still waiting for the cache device
	}
}

// due tells whether an interval, in seconds, has passed since last; 0 is never. Ticks come a little early or late.
func due(last *time.Time, now time.Time, seconds int) bool {
	if seconds == 0 || now.Sub(*last) < time.Duration(seconds)*time.Second-daemonTick/2 {
		return false
	}
	*last = now
	return true
}

func (a *daemon) upkeep(ctx context.Context, id uint8, flush, commit bool, busy chan<- struct{}) {
	defer func() { busy <- struct{}{} }()
	ctx, cancel := context.WithTimeout(ctx, upkeepLimit)
	defer cancel()
	o := &operation{}
	c, err := a.m.pinCache(int(id), o)
	if err != nil {
		return // it is being freed
	}
	defer a.m.unpinCache(c, o)
	if flush {
		err = c.host.FlushCurrent(ctx)
	}
	if err == nil && commit {
		err = c.host.CommitSuper()
	}
	if err != nil && ctx.Err() != context.Canceled {
		a.m.daemonFailed(fmt.Errorf("cache %d: periodic flush: %w", id, err))
	}
}

func (m *Manager) daemonFailed(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.daemonErr != err.Error() {
		m.daemonErr = err.Error()
		m.logf("daemon: %v", err)
	}
}

// modulate measures how busy others keep the backings of a cache; from that its policy decides on migration. A first look
// at a disk measures nothing: to take it for idle would be an interval of migration at full speed beside its users.
func (a *daemon) modulate(now time.Time, c *cache, devices []device) {
	loads, first := a.loads.sample(now, c.host, devices)
	if first {
		return
	}
	m := a.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.daemon != a {
		return // it was stopped meanwhile
	}
	real := m.caches[c.id]
	if real == nil || real.host != c.host {
		return
	}
	for i := range loads {
		if d := m.devices[loads[i].Device]; d != nil {
			d.busy, loads[i].Threshold = loads[i].Busy, d.threshold
		}
	}
	real.modulated, real.loads = true, loads
	real.applyLocked()
}

// writtenTo is how many bytes migration has written to a disk, for all devices whose backings lie on it.
func writtenTo(disk string, devices []device) uint64 {
	n := uint64(0)
	for i := range devices {
		d := &devices[i]
		if d.host == nil || diskOf(d.host.Backing()) != disk {
			continue
		}
		if c := d.host.Cache(); c != nil {
			n += c.Written(d.id)
		}
	}
	return n
}
