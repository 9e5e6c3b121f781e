package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

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

// TestEventsWaiting: one write that waits is news, and the next ones are none.
func TestEventsWaiting(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	if err := r.attach(r.examine(full(benchSectors, 1))); err != nil {
		t.Fatal(err)
	}
	r.v.Unfreeze()
	told := 0
	r.c.events.Waiting = func() { told++ }
	p := NewPort(func() {})
	for i := range uint64(64) { // 32 KiB, and there is memory for 16
		p.Submit(&Request{Op: Write, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	}
	if n := r.c.Status().WaitingWrites; n < 2 || told != 1 {
		t.Errorf("%d writes wait, told %d times", n, told)
	}
	r.v.Freeze()
	r.v.Unfreeze()
	p.Poll()
	if n := r.c.Status().WaitingWrites; n < 2 || told != 2 {
		t.Errorf("%d writes wait again in a freeze, told %d times", n, told)
	}
}

// TestEventsBroken: that a cache is broken is told once, with the reason.
func TestEventsBroken(t *testing.T) {
	r := attachedBench(t)
	var told []error
	r.c.events.Broken = func(err error) { told = append(told, err) }
	bad := errors.New("a bad flush")
	p := r.c.Background()
	h := inline.Host{Fails: func(op *block.Op) error {
		if op.Kind == block.Flush {
			return bad
		}
		return nil
	}}
	for range 2 {
		r.c.CommitSuper(func(error) {})
		h.Settle(p)
	}
	if len(told) != 1 || !errors.Is(told[0], bad) {
		t.Errorf("told %v", told)
	}
}

// TestEventsWithoutTheLock: whoever is told may ask the cache at once.
func TestEventsWithoutTheLock(t *testing.T) {
	r := attachedBench(t)
	told := map[string]int{}
	ask := func(what string) {
		if told[what]++; !r.c.mu.TryLock() {
			t.Fatalf("%s is told under the lock", what)
		}
		r.c.mu.Unlock()
	}
	*r.c.events = Events{
		Progress: func() { ask("progress") }, Closed: func() { ask("the end of a segment") },
		Waiting: func() { ask("a write that waits") }, Broken: func(error) { ask("a broken cache") },
	}
	p := NewPort(func() {})
	for i := range uint64(64) {
		p.Submit(&Request{Op: Write, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	}
	bad := errors.New("a bad write")
	h := inline.Host{Fails: func(*block.Op) error {
		if told["progress"] > 2 {
			return bad
		}
		return nil
	}}
	h.Settle(p, r.c.Background())
	p.Submit(&Request{Op: Flush, Volume: r.v})
	h.Settle(p, r.c.Background())
	if len(told) != 4 {
		t.Errorf("told %v", told)
	}
}
