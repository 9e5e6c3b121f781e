package disk

import (
	"container/heap"
	"time"
)

// queue decides when requests complete. It is a state machine over virtual
// time (since the disk was opened): it reads no clock and waits for nothing.
type queue interface {
	// add accepts a request at now, which never goes back.
	add(now time.Duration, r *request)
	// next says when the next completion is due, if anything is queued.
	next() (at time.Duration, ok bool)
	// take removes and returns the request next spoke of.
	take() *request
}

func newQueue(c Config) queue {
	if c.Arm {
		return &armQueue{config: c, limit: newThrottle(c.WriteBPS, c.WriteIOPS)}
	}
	return &solidQueue{config: c, limit: newThrottle(c.WriteBPS, c.WriteIOPS)}
}

// solidQueue serves any number of requests in parallel.
type solidQueue struct {
	config Config
	limit  *throttle
	due    deadlines
}

func (q *solidQueue) add(now time.Duration, r *request) {
	switch r.op {
	case opFlush:
		r.due = now + q.config.FlushLatency
	case opWrite:
		r.due = max(now+q.config.Latency, q.limit.admit(now, len(r.data)))
	default:
		r.due = now + q.config.Latency
	}
	heap.Push(&q.due, r)
}

func (q *solidQueue) next() (time.Duration, bool) { return q.due.first() }
func (q *solidQueue) take() *request              { return heap.Pop(&q.due).(*request) }

// deadlines is a heap of requests, the first to complete on top; requests due
// at the same time complete in the order of their arrival.
type deadlines []*request

func (d deadlines) first() (time.Duration, bool) {
	if len(d) == 0 {
		return 0, false
	}
	return d[0].due, true
}

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	if d[i].due != d[j].due {
		return d[i].due < d[j].due
	}
	return d[i].arrival < d[j].arrival
}
func (d deadlines) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)   { *d = append(*d, x.(*request)) }
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	r := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return r
}
