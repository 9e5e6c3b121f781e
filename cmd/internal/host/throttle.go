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
	w.admitted = migrate.Admit(free, w.untilFree(now, d, g))
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

// untilFree is how long it takes until more of the log becomes free: the rest
// of the batch under way, or the whole next one.
func (w *worker) untilFree(now time.Time, d migrate.Decision, g logcache.Gauge) time.Duration {
	size := int64(w.core.Geometry().SegmentSize)
	switch n := w.migr.Size(); {
	case d.Segments == 0:
		return time.Hour // nobody knows
	case n > 0:
		return w.takes(int64(n)*size) - now.Sub(w.begun)
	default:
		return w.takes(int64(min(uint64(d.Segments), g.Closed)) * size)
	}
}
