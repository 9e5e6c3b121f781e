package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
)

// grantEvery is how often slowed writers get credit.
const grantEvery = 10 * time.Millisecond

// throttle slows writers while the log is rather full. It belongs to the
// thread of a cache.
type throttle struct {
	on       bool
	granted  time.Time // the last time
	admitted int64     // bytes/s; 0 = no limit
	claims   []migrate.Claim
}

// admit hands out to the devices what the log has room for.
func (w *worker) admit(now time.Time, d migrate.Decision, g logcache.Gauge) {
	geo := w.core.Geometry()
	fill := float64(g.Closed) / float64(geo.Slots)
	on := migrate.Throttle(w.on, fill, w.policy.Load().Watermark)
	members := *w.members.Load()
	if !on {
		if w.on {
			openAll(members)
		}
		w.on, w.admitted = false, 0
		return
	}
	if !w.on {
		w.on, w.granted = true, now.Add(-grantEvery)
	}
	elapsed := now.Sub(w.granted)
	if elapsed < grantEvery {
		return
	}
	w.granted = now
	free := int64(geo.Slots-min(geo.Slots, g.Closed+1)) * int64(geo.SegmentSize) // one is being filled
	left, rate := w.forecast(now, d, g)
	w.admitted = migrate.Admit(free, left, rate)
	w.grant(members, int64(float64(w.admitted)*min(elapsed, 10*grantEvery).Seconds()))
}

func openAll(members []*Device) {
	for _, m := range members {
		m.gate.open()
	}
}

// grant divides a budget of bytes among the devices.
func (w *worker) grant(members []*Device, budget int64) {
	w.claims = w.claims[:0]
	for _, m := range members {
		w.claims = append(w.claims, migrate.Claim{Weight: w.lanes[m.ID()].sustained, Wants: m.gate.wants()})
	}
	migrate.Share(budget, w.claims)
	for i, m := range members {
		m.gate.grant(w.claims[i].Grant)
	}
}

// forecast is how long it takes until more of the log becomes free, the rest of
// the batch under way or the whole next one, and how much a second that makes.
func (w *worker) forecast(now time.Time, d migrate.Decision, g logcache.Gauge) (left time.Duration, rate int64) {
	size := int64(w.core.Geometry().SegmentSize)
	if d.Segments == 0 {
		return time.Hour, guess // nobody knows
	}
	if n := int64(w.migr.Size()) * size; n > 0 {
		all := max(w.willTake(now, n, w.migr.Written()), time.Millisecond)
		return all - now.Sub(w.begun), int64(float64(n) / all.Seconds())
	}
	next := w.takes(int64(min(uint64(d.Segments), g.Closed)) * size)
	return next, w.rate()
}
