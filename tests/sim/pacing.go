package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has migration go as a real pacer says, on a clock of the run: with
// settings that change, users that come and go, and time that passes in leaps.
// Whatever they are, what waits for migration must not wait for ever.

// pacing is the pacer of a host.
type pacing struct {
	pacer *pace.Pacer
	now   time.Duration
	in    pace.Inputs
	next  time.Duration // as it was last ordered
}

func newPacing(r *rand.Rand) *pacing {
	return &pacing{pacer: pace.New(), in: pace.Inputs{Settings: randomSettings(r)}}
}

// randomSettings are any, but of a size that suits a small log.
func randomSettings(r *rand.Rand) *pace.Settings {
	s := &pace.Settings{Measured: r.IntN(2) == 0, Watermark: []float64{0.5, 0.75, 1}[r.IntN(3)]}
	s.Allow, s.Force, s.Stopped = r.IntN(4) > 0, r.IntN(8) == 0, r.IntN(8) == 0
	s.Batch, s.Percent = r.IntN(4), r.IntN(2)*r.IntN(60)
	s.Rate, s.RateMinimum = []int64{0, 0, 1, 64 << 10, 10 << 20}[r.IntN(5)], int64(r.IntN(1<<20))
	s.Delay = time.Duration(r.IntN(2)*r.IntN(3000)) * time.Millisecond
	s.MaxAge = time.Duration(r.IntN(2)*r.IntN(5000)) * time.Millisecond
	for dev := range uint8(3) {
		s.Loads = append(s.Loads, pace.Load{Device: dev + 1, Busy: r.IntN(3) * r.IntN(50), Threshold: r.IntN(100)})
	}
	return s
}

// passTime lets a moment pass, or seconds, and has the pacer look.
func (w *world) passTime() {
	r, p := w.times, w.pacing
	if r.IntN(16) == 0 {
		p.in.Settings = randomSettings(r)
	}
	p.now += time.Duration(r.Int64N(int64([]time.Duration{time.Millisecond, 20 * time.Millisecond, 2 * time.Second}[r.IntN(3)])))
	w.pace()
	w.pump()
}

// pace asks the pacer once and does what it says. It tells whether a batch starts.
func (w *world) pace() bool {
	p := w.pacing
	w.observe()
	o := p.pacer.Step(p.now, &p.in)
	if o.Next <= 0 || o.Batch > 0 && !w.mig.Idle() {
		fail("pace", "orders %+v from %+v", o, p.in)
	}
	p.next = o.Next
	w.mig.Limit(o.Limit)
	w.mig.Depth(o.Depth)
	w.mig.Release()
	for i := range w.vols {
		if id := w.id(i); o.Hold.Has(id) {
			w.mig.Hold(block.Dev(id))
		}
	}
	if o.Close {
		w.cache.CloseCurrent()
	}
	ok := w.mig.Step(o.Batch)
	if ok {
		p.pacer.Began(p.now)
	}
	w.mig.ReadAhead(o.Ahead)
	for i := range o.Credit {
		w.limit(i, logcache.Credit(o.Credit[i]))
	}
	w.tracef("pace at %v: %v, batch %d (%v), limit %d, depth %d, hold %v", p.now, o.Why, o.Batch, ok, o.Limit, o.Depth, o.Hold)
	return ok
}

// observe gathers what the pacer looks at.
func (w *world) observe() {
	in, g, geo := &w.pacing.in, w.cache.Gauge(), w.cache.Geometry()
	in.Log = pace.Log{
		Slots: int(geo.Slots), Segment: int64(geo.SegmentSize), Closed: int(g.Closed), Dirty: int64(g.DirtyBlocks) * 4096,
		Newest: g.Newest, LastMigrated: g.LastMigrated, Stuck: g.Full,
	}
	in.Batch = pace.Batch{Segments: w.mig.Size(), Most: w.mig.Largest(), Failed: w.mig.LastError() != nil, Left: w.mig.Left()}
	in.Draining = len(w.admin) > 0
	in.Devices = in.Devices[:0]
	for i := range w.vols {
		id := w.id(i)
		done, all := w.mig.Progress(block.Dev(id))
		in.Devices = append(in.Devices, pace.Device{
			ID: id, Reading: w.times.IntN(3) == 0, Backlogged: w.vols[i].Backlogged(), Dirty: int64(g.Dirty[id]) * 4096,
			Busy: w.mig.Busy(block.Dev(id)), Done: done, Writes: all,
		})
	}
}

// longest is for how long migration may have nothing under way while requests wait
// for it: the rest after a failed batch, and a timeslice.
const longest = 1200 * time.Millisecond

// poorest is for how long a slowed volume may have no credit: that is what its
// largest request, 1 MiB, costs at the lowest rate, 16 KiB a second, beside others.
const poorest = 70 * time.Second

// wait lets time pass, as a host would, until migration goes on.
func (w *world) wait() bool {
	idle, end := len(w.idle), w.pacing.now+longest
	if w.cache.Gauge().Slowed {
		end += poorest
	}
	for w.pacing.now < end {
		w.pacing.now += w.pacing.next
		started := w.pace()
		w.pump()
		if started || len(w.idle) > idle || len(w.s.flights) > 0 || slices.Contains(w.woken, true) {
			return true
		}
	}
	return false
}
