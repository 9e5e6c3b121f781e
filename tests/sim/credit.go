package sim

import "github.com/ublk-lc/ublk-lc/logcache"

// This file has volumes slowed at random, and let go again, as a pacer would on
// some day. Whoever waits for credit must get on as soon as there is some, and hold
// up nobody else.

// changeCredit slows a volume, gives it more, or lets it go.
func (w *world) changeCredit() {
	r := w.alms
	c := logcache.Credit{Slowed: r.IntN(3) > 0, Bytes: []int64{0, 1, 4096, 64 << 10}[r.IntN(4)], First: r.Int64N(2) * 8192}
	c.Most = max(c.Bytes, 4096)
	w.limit(r.IntN(len(w.vols)), c)
	w.pump()
}

// limit gives a volume credit, on the thread that hands it out.
func (w *world) limit(i int, c logcache.Credit) {
	w.tracef("dev %d credit %+v", i+1, c)
	w.cache.Limit(w.vols[i], c)
}

// pay lets writes go that only their credit holds back.
func (w *world) pay() bool {
	if w.Pacer || !w.cache.Gauge().Slowed {
		return false
	}
	for i := range w.vols {
		if w.alms.IntN(8) > 0 {
			w.limit(i, logcache.Credit{})
		} else {
			w.vols[i].Unlimit()
		}
	}
	w.pump()
	return true
}
