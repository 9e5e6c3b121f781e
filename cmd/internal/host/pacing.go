package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// publishEvery is how old what others see of the pacer may be.
const publishEvery = 100 * time.Millisecond

// The pacer's word for no limit must be the migrator's.
var _ = [1]struct{}{}[migrate.Unlimited-pace.Unlimited]

// now is the time of the pacer's clock, and the cache's. Any thread.
func (w *worker) now() time.Duration { return time.Since(w.began) }

// observe gathers what the pacer depends on. The log is looked at, under its
// lock, only when the pacer is about to ask for it.
func (w *worker) observe(now time.Duration) {
	in := &w.inputs
	in.Settings = w.settings.Load()
	in.Draining, in.Ending = w.draining.Load() > 0, w.quit.Load()
	in.Latency = w.latency.collect()
	in.Batch = pace.Batch{Segments: w.migr.Size(), Most: w.migr.Largest(), Failed: w.migr.LastError() != nil, Left: w.migr.Left()}
	w.observed, in.Devices = *w.members.Load(), in.Devices[:0]
	for _, d := range w.observed {
		dev := block.Dev(d.ID())
		done, all := w.migr.Progress(dev)
		in.Devices = append(in.Devices, pace.Device{
			ID: d.ID(), Reading: d.reads.Load() > 0, Backlogged: d.vol.Backlogged(), Busy: w.migr.Busy(dev), Done: done, Writes: all,
		})
	}
	if w.pacer.Due(now, w.migr.Idle()) {
		w.observeLog(w.core.Gauge())
	}
}

func (w *worker) observeLog(g logcache.Gauge) {
	geo := w.core.Geometry()
	w.inputs.Log = pace.Log{
		Slots: int(geo.Slots), Segment: int64(geo.SegmentSize), Closed: int(g.Closed), Dirty: int64(g.DirtyBlocks) * index.BlockBytes,
		Newest: g.Newest, LastMigrated: g.LastMigrated, Stuck: g.Full,
	}
	for i := range w.inputs.Devices {
		d := &w.inputs.Devices[i]
		d.Dirty = int64(g.Dirty[d.ID]) * index.BlockBytes
	}
}

// apply does what the pacer says.
func (w *worker) apply(now time.Duration, o pace.Orders) {
	w.migr.Limit(o.Limit)
	w.migr.Depth(o.Depth)
	if o.Close {
		w.core.CloseCurrent()
	}
	w.wantsSegments.Store(o.Batch > 0) // before the log is asked: what is ready just behind that is told
	if w.migr.Step(o.Batch) {
		w.wantsSegments.Store(false)
		w.pacer.Began(now)
	}
	w.migr.ReadAhead(o.Ahead)
	w.migr.Release() // one that is no member any more is never asked again
	for i, d := range w.observed {
		if o.Hold.Has(d.ID()) {
			w.migr.Hold(block.Dev(d.ID()))
		}
		if o.Credit != nil {
			w.core.Limit(d.vol, logcache.Credit(o.Credit[i]))
		}
	}
	w.latency.apply(&o)
	w.wait = o.Next
	w.publish(now)
}

// publish shows others what was decided.
func (w *worker) publish(now time.Duration) {
	if s := w.migr.Status(); s != *w.status.Load() {
		w.status.Store(&s)
	}
	old, s := w.paced.Load(), w.pacer.State()
	if s.Decision.Reason != old.Decision.Reason || s.Admit > 0 != (old.Admit > 0) || now-w.published >= publishEvery {
		w.published = now
		w.paced.Store(&s)
	}
}
