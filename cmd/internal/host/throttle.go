package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// grantEvery is how often slowed writers get credit.
const grantEvery = 10 * time.Millisecond

// roomy is the share of the watermark up to which there is room enough for
// everybody, whoever takes it.
const roomy = 0.25

// lull is for how long after the log was rather full there may be a flood: it
// comes and goes with every batch, and a slow device must not use the moments
// in which there is room to fill the log again.
const lull = 10 * time.Second

// throttle slows writers: all of them while the log is rather full, and a
// device that crowds the others out at any time. It belongs to the thread of a
// cache.
type throttle struct {
	on       bool      // the log is rather full
	full     time.Time // when it was, last
	crowded  bool      // some device has more than its part of it
	wanted   bool      // writers that are slowed want more than they get
	granted  time.Time
	admitted int64 // bytes/s for all; 0 = no limit
	claims   []migrate.Claim
}

// slowing tells whether there is credit to be handed out.
func (t *throttle) slowing() bool { return t.on || t.crowded }

// admit hands out to the devices what the log has room for.
func (w *worker) admit(now time.Time, d migrate.Decision, g *logcache.Gauge) {
	elapsed := min(now.Sub(w.granted), 10*grantEvery)
	if elapsed < grantEvery {
		return
	}
	w.granted = now
	members := *w.members.Load()
	w.claim(now, members, g)
	geo, mark := w.core.Geometry(), w.policy.Load().Watermark
	fill := float64(g.Closed) / float64(geo.Slots)
	// While nothing is migrated, slowing writers on the way down from the
	// watermark would gain nothing.
	w.on = migrate.Throttle(w.on && d.Segments > 0, fill, mark)
	if w.on {
		w.full = now
	}
	flood := now.Sub(w.full) < lull
	crowd := migrate.Crowd(int64(mark*float64(geo.LogBytes())), elapsed, flood, w.claims)
	w.crowded = crowd && mark < 1 && (fill >= mark*roomy || flood)
	w.admitted = 0
	if w.on {
		free := int64(geo.Slots-min(geo.Slots, g.Closed+1)) * int64(geo.SegmentSize) // one is being filled
		left, rate := w.forecast(now, d, g)
		w.admitted = migrate.Admit(free, left, rate)
		migrate.Share(int64(float64(w.admitted)*elapsed.Seconds()), w.claims)
	}
	w.wanted = false
	for i, m := range members {
		if w.on || w.crowded && w.claims[i].Crowds {
			w.wanted = w.wanted || w.claims[i].Wants
			m.gate.grant(w.claims[i].Grant)
		} else {
			m.gate.open()
		}
	}
}

// claim gathers what the devices are to be judged by.
func (w *worker) claim(now time.Time, members []*Device, g *logcache.Gauge) {
	w.claims = w.claims[:0]
	for _, m := range members {
		w.claims = append(w.claims, migrate.Claim{
			Weight: w.speed(now, blockdev.Dev(m.ID()), w.migr.Progress), Wants: m.gate.wants(), Dirty: int64(g.Dirty[m.ID()]) * 4096,
		})
	}
}

// forecast is how long it takes until more of the log becomes free, the rest of
// the batch under way or the whole next one, and how much a second that makes.
func (w *worker) forecast(now time.Time, d migrate.Decision, g *logcache.Gauge) (left time.Duration, rate int64) {
	size := int64(w.core.Geometry().SegmentSize)
	if d.Segments == 0 {
		return time.Hour, guess // nobody knows
	}
	if n := int64(w.migr.Size()) * size; n > 0 {
		all := max(w.willTake(now, n, w.migr.Progress), time.Millisecond)
		return all - now.Sub(w.begun), int64(float64(n) / all.Seconds())
	}
	next := w.takes(int64(min(uint64(d.Segments), g.Closed)) * size)
	return next, w.rate()
}
