package disk

import (
	"container/heap"
	"math"
	"time"
)

// settleTime is what the shortest seek costs.
const settleTime = 300 * time.Microsecond

// armQueue serves one request at a time: the nearest at or above the head,
// and when there is none, the lowest (C-LOOK). So sorted and merged writes pay
// off as they do on a disk. Flushes cost their latency and move nothing.
//
// The rotational delay is its mean, not a position: a run is repeatable, and
// a request that continues where the last one ended never misses its turn,
// like on a disk with its write cache on.
type armQueue struct {
	config  Config
	limit   *throttle
	head    int64         // where the last transfer ended
	free    time.Duration // when the arm has finished all it has begun
	serving *request
	waiting []*request
	flushes deadlines
}

func (q *armQueue) add(now time.Duration, r *request) {
	if r.op == opFlush {
		r.due = now + q.config.FlushLatency
		heap.Push(&q.flushes, r)
		return
	}
	r.due = now
	if r.op == opWrite {
		r.due = q.limit.admit(now, len(r.data))
	}
	if q.serving != nil {
		q.waiting = append(q.waiting, r)
		return
	}
	q.serve(r, now)
}

// serve starts a request not before now.
func (q *armQueue) serve(r *request, now time.Duration) {
	q.free = max(q.free, now) + q.cost(r)
	q.head = r.off + int64(r.length)
	r.due = max(r.due, q.free)
	q.serving = r
}

// cost is the time to reach a request and transfer it.
func (q *armQueue) cost(r *request) time.Duration {
	transfer := q.pass(int64(r.length))
	if r.off == q.head {
		return transfer
	}
	distance := math.Abs(float64(r.off - q.head))
	stroke := float64(q.config.FullSeek-settleTime) * math.Sqrt(distance/float64(q.config.Size))
	move := settleTime + time.Duration(max(stroke, 0)) + q.config.Rotation
	if r.off > q.head {
		// A short gap ahead costs less to let pass under the head.
		move = min(move, q.pass(r.off-q.head))
	}
	return move + transfer
}

// pass is the time in which n bytes go by under the head.
func (q *armQueue) pass(n int64) time.Duration {
	return time.Duration(float64(n) / q.config.Rate * float64(time.Second))
}

func (q *armQueue) next() (time.Duration, bool) {
	at, ok := q.flushes.first()
	if q.serving != nil && (!ok || q.serving.due <= at) {
		return q.serving.due, true
	}
	return at, ok
}

func (q *armQueue) take() *request {
	at, ok := q.flushes.first()
	if q.serving == nil || ok && at < q.serving.due {
		return heap.Pop(&q.flushes).(*request)
	}
	done := q.serving
	q.serving = nil
	if i := q.nearest(); i >= 0 {
		r := q.waiting[i]
		last := len(q.waiting) - 1
		q.waiting[i] = q.waiting[last]
		q.waiting[last] = nil
		q.waiting = q.waiting[:last]
		q.serve(r, done.due)
	}
	return done
}

// nearest is the index of the next request in C-LOOK order, or -1.
func (q *armQueue) nearest() int {
	lowest, above := -1, -1
	for i, r := range q.waiting {
		if lowest < 0 || r.off < q.waiting[lowest].off {
			lowest = i
		}
		if r.off >= q.head && (above < 0 || r.off < q.waiting[above].off) {
			above = i
		}
	}
	if above >= 0 {
		return above
	}
	return lowest
}
