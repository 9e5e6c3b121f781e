package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
)

// Policy is what is said about migration from outside: by the administrator,
// and by who measures the backings.
type Policy struct {
	migrate.Knobs
	Measured  bool           // Loads are measured, and decide instead of Knobs.Allow
	Loads     []migrate.Load // of the attached devices' backings; not changed any more
	Watermark float64        // fill of the log from which writers are slowed; 1 = never
}

// Pace is what the cache's thread last decided, and from what.
type Pace struct {
	Decision migrate.Decision
	Snapshot migrate.Snapshot
	Admit    int64 // bytes/s that writers get; 0 = as much as they want
	Batch    int   // segments of the batch under way
}

// Words say why migration goes on or does not.
func (p *Pace) Words() string { return p.Decision.Words(&p.Snapshot) }

const (
	// decideEvery bounds how often the policy is asked while a batch is under way.
	decideEvery = 5 * time.Millisecond
	// publishEvery is how old what others see of it may be.
	publishEvery = 100 * time.Millisecond
	// controlEvery is how often the rate controller is fed.
	controlEvery = time.Second
)

// decider asks the policy, for the thread of a cache.
type decider struct {
	ages      migrate.Ages
	control   migrate.Controller
	fed       time.Time // when it was, last
	auto      int64     // and what it said
	last      migrate.Decision
	asked     time.Time
	published time.Time
}

// decide asks the policy.
func (w *worker) decide(now time.Time, g logcache.Gauge) migrate.Decision {
	s := w.snapshot(now, g)
	d := migrate.Decide(&s)
	changed := d.Reason != w.last.Reason || w.admitted > 0 != (w.pace.Load().Admit > 0)
	w.last, w.asked = d, now
	if changed || now.Sub(w.published) >= publishEvery {
		w.published = now
		w.pace.Store(&Pace{Decision: d, Snapshot: s, Admit: w.admitted, Batch: w.migr.Size()})
	}
	return d
}

// snapshot gathers what the decision depends on.
func (w *worker) snapshot(now time.Time, g logcache.Gauge) migrate.Snapshot {
	p := w.policy.Load()
	geo := w.core.Geometry()
	w.ages.Note(now, g.Newest, g.LastMigrated)
	s := migrate.Snapshot{
		Knobs: p.Knobs, Measured: p.Measured, Loads: p.Loads,
		Draining: w.draining.Load() > 0, Stuck: g.Full, Slowed: w.wanted, Shared: w.shared(now),
		Slots: int(geo.Slots), Closed: int(g.Closed), Segment: int64(geo.SegmentSize),
		Fill:  float64(g.Closed) / float64(geo.Slots),
		Dirty: float64(g.DirtyBlocks) * 4096 / float64(geo.LogBytes()),
		Age:   w.ages.Oldest(now, g.Newest, g.LastMigrated),
		Last:  w.last.Reason, Sustained: w.sustained,
	}
	if elapsed := now.Sub(w.fed); elapsed >= controlEvery {
		target := int64(p.Percent) * int64(geo.LogBytes()) / 100
		w.auto = w.control.Update(int64(g.DirtyBlocks)*4096, target, min(elapsed, 2*controlEvery), p.RateMinimum, w.sustained)
		w.fed = now
	}
	s.Auto = w.auto
	return s
}
