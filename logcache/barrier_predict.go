package logcache

import "math/bits"

// barrierPredictor is how many writes come between two barriers, of late.
type barrierPredictor struct {
	since          uint32           // writes since the last barrier
	concurrent     bool             // and one of them while a barrier was waiting
	last           [intervals]uint8 // writes between the last barriers, at most tooMany
	concurrentBits uint8            // a bit for each of the last intervals: it was concurrent
	next           uint8            // where the next interval goes
	fewest         uint8            // of the last ones
	most           uint8
}

const (
	intervals = 8
	// tooMany is from how many writes on a barrier is not worth predicting.
	tooMany = 17
	// few is up to how many writes several writers' barriers are predicted: more
	// of them gather anyway, and a large group costs less than many small ones.
	few = 6
)

// barrier ends an interval. One without a write says nothing: its writes have
// gone into the one before it.
func (r *barrierPredictor) barrier() {
	if r.since == 0 {
		return
	}
	r.last[r.next] = uint8(min(r.since, tooMany))
	r.next = (r.next + 1) % intervals
	r.concurrentBits <<= 1
	if r.concurrent {
		r.concurrentBits |= 1
	}
	r.since, r.concurrent = 0, false
	r.fewest, r.most = r.last[0], r.last[0]
	for _, n := range r.last[1:] {
		r.fewest, r.most = min(r.fewest, n), max(r.most, n)
	}
}

// write counts one, and tells whether it came while a barrier was waiting.
func (r *barrierPredictor) write(waiting bool) {
	r.since++
	r.concurrent = r.concurrent || waiting
}

// due tells whether a barrier is to be expected now. Of one writer it is when
// all intervals are as long as this one: guess too early, and his barrier waits
// for two flushes instead of one. Of several it is as soon as the shortest
// interval is over, since somebody's barrier comes soon.
func (r *barrierPredictor) due() bool {
	several := r.most <= few && bits.OnesCount8(r.concurrentBits) >= intervals/2
	return r.fewest > 0 && (several || r.fewest == r.most) &&
		r.since >= uint32(r.fewest) && r.since <= uint32(r.most) && r.since < tooMany
}

// predictBarrier writes the open record when a barrier is due by what came
// between the last ones, before it comes. The kernel has one FLUSH of a device
// under way at a time, so who syncs each of his writes would otherwise wait for
// his record behind those of others. A wrong guess costs a small record and a
// flush, and what arrives while maxFUARecords of them are under way gathers for
// the next. While a group is under way its records are sealed and not FUA
// records, and nothing is predicted; nor where it pays that barriers wait for
// company, before it is there.
func (c *Cache) predictBarrier(p *Port) {
	c.predictor.write(c.waiters.head != nil)
	if !c.company.pays && c.predictor.due() && c.cur.rec != nil && c.fuaSeq == c.sealedSeq {
		c.sealFUA(p)
	}
}
