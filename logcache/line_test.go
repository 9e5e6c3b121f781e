package logcache

import (
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// second attaches another volume to the bench's cache.
func (r *bench) second(id uint8) *Volume {
	first, b := r.v, r.b
	defer func() { r.v, r.b = first, b }()
	r.v, r.b = NewVolume(id, "w", 1<<30, 512), segment.Binding{ID: id, Sectors: 1 << 30}
	r.v.Freeze()
	if err := r.attach(nil); err != nil {
		r.t.Fatal(err)
	}
	r.v.Unfreeze()
	return r.v
}

// runLog completes all operations of ports on the log, and leaves those on
// backings.
func runLog(ports ...*Port) {
	for again := true; again; {
		again = false
		for _, p := range ports {
			p.Poll()
			for _, op := range append([]*block.Op(nil), p.Ops()...) {
				if op.Dev == block.Cache {
					again = true
					op.Sink.Done(op, nil)
				}
			}
		}
	}
}

// TestP9FreezeFreesTheLine: a write waits behind a discard of another volume,
// and the index has no room for that. When a freeze takes the discard away the
// write is next, and goes. Before that nobody overtakes.
func TestP9FreezeFreesTheLine(t *testing.T) {
	r := writable(t, 16<<20)
	w := r.second(6)
	p, q := NewPort(func() {}), NewPort(func() {})
	for r.c.Status().WaitingWrites == 0 {
		p.Submit(&Request{Op: Discard, Sectors: 1 << 14, Volume: r.v})
		runLog(p, q, r.c.background)
	}
	q.Submit(&Request{Op: Write, Sectors: 8, Buf: make([]byte, 4096), Volume: w})
	runLog(p, q, r.c.background)
	if n, g := r.c.Status().WaitingWrites, r.c.Gauge(); n != 2 || !g.Full || len(q.Answers()) > 0 {
		t.Fatalf("%d wait, full %v", n, g.Full)
	}
	r.v.Freeze()
	runLog(r.c.background, p, q)
	if n := len(q.Answers()); n != 1 || r.c.Status().WaitingWrites > 0 {
		t.Errorf("%d answers, and %d writes wait although nothing is before them", n, r.c.Status().WaitingWrites)
	}
}

// TestP9HungDiskHoldsUpItsOwn: a write goes past the log, and its disk hangs;
// one over it waits, and no other volume does.
func TestP9HungDiskHoldsUpItsOwn(t *testing.T) {
	r := writable(t, 16<<20)
	w := r.second(6)
	p, q := NewPort(func() {}), NewPort(func() {})
	r.v.SetBypass(Bypass{Cutoff: 1})
	write := func(v *Volume, fua bool) *Request {
		return &Request{Op: Write, Sectors: 8, FUA: fua, Buf: make([]byte, 4096), Volume: v}
	}
	p.Submit(write(r.v, false))
	p.Submit(write(r.v, true))
	q.Submit(write(w, false))
	runLog(q, r.c.background)
	if n, g := len(q.Answers()), r.c.Gauge(); n != 1 || g.Full || g.Slowed {
		t.Errorf("%d answers of another volume; full %v, slowed %v", n, g.Full, g.Slowed)
	}
	ops := append([]*block.Op(nil), p.Ops()...)
	if len(ops) != 1 || r.c.Status().WaitingWrites != 1 {
		t.Fatalf("%d operations, %d writes wait", len(ops), r.c.Status().WaitingWrites)
	}
	ops[0].Sink.Done(ops[0], nil)
	runLog(p)
	if n := len(p.Answers()); n != 2 {
		t.Errorf("%d answers when the disk has answered", n)
	}
}

// TestUnlimitBesideAnswers: whoever lets a volume go looks at a write that may be
// answered meanwhile, and whose memory is used again, as the host does by tag.
func TestUnlimitBesideAnswers(t *testing.T) {
	r := writable(t, 1<<20)
	wake, stop := make(chan struct{}, 1), make(chan struct{})
	p := NewPort(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	var all sync.WaitGroup
	always := func(do func()) {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					do()
				}
			}
		})
	}
	b := r.c.background
	always(func() { // the cache's thread
		r.c.Limit(r.v, Credit{Slowed: true, First: -1, Most: 4096})
		r.c.Limit(r.v, Credit{Slowed: true, Bytes: 2, Most: 4096})
		b.Poll()
		b.Ops()
	})
	always(func() {
		r.v.Unlimit()
		r.v.lock()()
	})
	var q Request
	buf := make([]byte, 4096)
	for end := time.Now().Add(time.Second / 2); time.Now().Before(end); p.Ops() {
		q = Request{Op: Write, Sectors: 8, Buf: buf, Volume: r.v}
		for p.Submit(&q); len(p.Answers()) == 0; p.Poll() {
			p.Ops()
			select {
			case <-wake:
			case <-time.After(time.Millisecond):
			}
		}
	}
	close(stop)
	all.Wait()
}
