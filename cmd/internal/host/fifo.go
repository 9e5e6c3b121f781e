package host

import "github.com/ublk-lc/ublk-lc/logcache"

// fifo is a ring of requests with room for all that a queue can have, so that
// it never allocates.
type fifo struct {
	ring    []*logcache.Request
	head, n int
}

func (f *fifo) init(depth int) { f.ring = make([]*logcache.Request, depth) }

func (f *fifo) len() int { return f.n }

func (f *fifo) first() *logcache.Request { return f.ring[f.head] }

func (f *fifo) push(r *logcache.Request) {
	f.ring[(f.head+f.n)%len(f.ring)] = r
	f.n++
}

func (f *fifo) pop() *logcache.Request {
	r := f.ring[f.head]
	f.head, f.n = (f.head+1)%len(f.ring), f.n-1
	return r
}
