package logcache

import "testing"

// TestEventsClosed: who looks how full the log is need not look at each barrier.
func TestEventsClosed(t *testing.T) {
	r := newRig(t)
	closed, progress := 0, 0
	r.c.events.Closed = func() { closed++ }
	r.c.events.Progress = func() { progress++ }
	first := r.c.nextID
	for i := range uint64(1000) {
		r.do(Write, i, false)
		r.do(Flush, 0, false)
	}
	if progress < 1000 {
		t.Errorf("%d times progress in 1000 barriers", progress)
	}
	if ended := int(r.c.nextID - first); closed != ended || ended < 3 {
		t.Errorf("%d segments closed, of %d that ended", closed, ended)
	}
}
