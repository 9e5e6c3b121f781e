// Package autopilot is the daemon of the verbs: beside the commands it looks
// at its intervals how busy others keep the backings, from which the caches'
// policies decide on migration, makes logs durable, and writes superblocks.
//
//	each second ─► Manager.Survey ─► for each cache what is due:
//	                 measure its backings' disks ─► Manager.Steer
//	                 flush, superblock           ─► Manager.Maintain
//
// All it does to a cache it has the manager do, which also ends it: at a
// shutdown, by the [manager.Pilot] that it is.
package autopilot

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/diskload"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
)

// Autopilot runs from a start to a stop, or to the end of the server.
type Autopilot struct {
	m   *manager.Manager
	log *slog.Logger

	mu   sync.Mutex
	last string // what went wrong last
}

// New makes one that does not run.
func New(m *manager.Manager, log *slog.Logger) *Autopilot { return &Autopilot{m: m, log: log} }

// daemon is the autopilot from a start to a stop. What has no lock belongs to
// its goroutine.
type daemon struct {
	*Autopilot
	cancel context.CancelFunc
	done   chan struct{}
	timers map[uint8]*timers // by cache
	loads  diskload.Loads
}

// timers says when a cache's turn came last.
type timers struct {
	update, flush, commit time.Time
	flushed               uint64 // last flushed segment at the last flush
	busy                  chan struct{}
}

const (
	tick = time.Second
	// maintenanceLimit bounds a periodic flush or superblock.
	maintenanceLimit = 30 * time.Second
)

// Start starts it.
func (a *Autopilot) Start() (*control.Done, error) {
	ctx, cancel := context.WithCancel(context.Background())
	d := &daemon{Autopilot: a, cancel: cancel, done: make(chan struct{}), timers: map[uint8]*timers{}}
	switch engaged, err := a.m.Engage(d); {
	case err != nil:
		cancel()
		return nil, err
	case !engaged:
		cancel()
		return &control.Done{Text: "the daemon runs already"}, nil
	}
	go d.run(ctx)
	return &control.Done{Text: "the daemon runs"}, nil
}

// Stop ends it. Migration is then what the administrator last set.
func (a *Autopilot) Stop() (*control.Done, error) {
	if !a.m.Disengage() {
		return &control.Done{Text: "the daemon did not run"}, nil
	}
	return &control.Done{Text: "the daemon is stopped"}, nil
}

// Status tells whether it runs.
func (a *Autopilot) Status() control.DaemonStatus {
	running := a.m.Piloted()
	a.mu.Lock()
	defer a.mu.Unlock()
	return control.DaemonStatus{Running: running, LastError: a.last}
}

// End makes the goroutine end, and waits until it has.
func (a *daemon) End() {
	a.cancel()
	<-a.done
}

// run is the goroutine.
func (a *daemon) run(ctx context.Context) {
	defer close(a.done)
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	for now := time.Now(); ; {
		caches, backings := a.m.Survey()
		for i := range caches {
			a.service(ctx, now, &caches[i], backings)
		}
		a.dropGone(caches, backings)
		a.m.WatchSizes()
		select {
		case <-ctx.Done():
			for _, t := range a.timers {
				<-t.busy // maintenance under way ends with ctx
			}
			return
		case now = <-ticks.C:
		}
	}
}

// dropGone drops what is kept for caches and devices that are gone.
func (a *daemon) dropGone(caches []manager.InService, backings []diskload.Backing) {
	for id := range a.timers {
		if !slices.ContainsFunc(caches, func(c manager.InService) bool { return c.ID == id }) {
			delete(a.timers, id)
		}
	}
	a.loads.Keep(backings)
}

// service does for one cache what is due.
func (a *daemon) service(ctx context.Context, now time.Time, c *manager.InService, backings []diskload.Backing) {
	t := a.timers[c.ID]
	if t == nil {
		t = &timers{flush: now, commit: now, busy: make(chan struct{}, 1)}
		t.busy <- struct{}{}
		a.timers[c.ID] = t
	}
	if due(&t.update, now, c.Settings.UpdateInterval) {
		a.sampleLoads(now, c, backings)
	}
	flush := due(&t.flush, now, c.Settings.FlushInterval)
	commit := due(&t.commit, now, c.Settings.CommitInterval)
	if flush { // only what nothing else has made durable
		id := c.Host.Core().Status().LastFlushedID
		flush, t.flushed = id == t.flushed, id
	}
	if !flush && !commit {
		return
	}
	select {
	case <-t.busy:
		go a.maintain(ctx, c.ID, flush, commit, t.busy)
	default: // the last one is still waiting for the cache device
	}
}

// due tells whether an interval has passed since last; 0 is never. Ticks come a
// little early or late.
func due(last *time.Time, now time.Time, interval time.Duration) bool {
	if interval == 0 || now.Sub(*last) < interval-tick/2 {
		return false
	}
	*last = now
	return true
}

// maintain makes a log durable, or writes a superblock, or both.
func (a *daemon) maintain(ctx context.Context, id uint8, flush, commit bool, busy chan<- struct{}) {
	defer func() { busy <- struct{}{} }()
	ctx, cancel := context.WithTimeout(ctx, maintenanceLimit)
	defer cancel()
	if err := a.m.Maintain(ctx, id, flush, commit); err != nil && ctx.Err() != context.Canceled {
		a.failed(id, err)
	}
}

// failed notes what went wrong in the maintenance of a cache, and logs it once.
func (a *Autopilot) failed(id uint8, err error) {
	text := fmt.Sprintf("cache %d: periodic flush: %v", id, err)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last != text {
		a.last = text
		a.log.Warn("daemon: "+text, "cache", id)
	}
}

// sampleLoads measures how busy others keep the backings of a cache; from that
// its policy decides on migration. A first look at a disk measures nothing: to
// take it for idle would be an interval of migration at full speed beside its
// users.
func (a *daemon) sampleLoads(now time.Time, c *manager.InService, backings []diskload.Backing) {
	if loads, first := a.loads.Sample(now, c.ID, backings); !first {
		a.m.Steer(a, c, loads)
	}
}
