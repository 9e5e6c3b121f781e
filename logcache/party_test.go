package logcache

import (
	"slices"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// party is a cache with writers, each of whom has a device of his own, writes a
// block and syncs it, and comes again when that is answered. Its clock is its own,
// and the cache device does one write after the other.
type party struct {
	t       *testing.T
	c       *Cache
	p       *Port
	writers []*partygoer
	cost    time.Duration // of a write of the log
	think   time.Duration // from an answer to the next write
	several bool          // the device does several writes at once

	now      time.Duration
	free     time.Duration // when the device is
	plans    []plan
	waits    []time.Duration // that the cache has asked for, in turn
	answers  int
	lookedAt int // how often the clock was
	ops      []*block.Op
}

type partygoer struct {
	v     *Volume
	write Request
	flush Request
	due   bool // he comes again when he is answered
}

type plan struct {
	at    time.Duration
	do    func()
	timer *block.Op // whose end it is
}

func newParty(t *testing.T, writers int) *party {
	t.Helper()
	dev := &nullDevice{}
	if _, err := Format(dev, FormatOptions{DeviceSize: 1 << 30, BlockSize: 512, Nonce: 1}); err != nil {
		t.Fatal(err)
	}
	r := &party{t: t, p: NewPort(func() {}), cost: 500 * time.Microsecond, think: 10 * time.Microsecond, now: 1}
	clock := func() time.Duration {
		r.lookedAt++
		return r.now
	}
	c, _, err := Resume(dev, Config{Wake: func() {}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	r.c = c
	t.Cleanup(func() {
		if err := c.Free(); err != nil {
			t.Error(err)
		}
	})
	for i := range writers {
		r.invite(uint8(i + 1))
	}
	return r
}

// invite adds a writer with his device.
func (r *party) invite(id uint8) {
	v := NewVolume(id, "v", rigBlocks*8, 512)
	r.c.Attach(v, segment.Binding{ID: id, UUID: [16]byte{id}, Sectors: rigBlocks * 8, Fingerprint: uint64(id)}, nil, func(err error) {
		if err != nil {
			r.t.Fatal(err)
		}
	})
	new(inline.Host).Settle(r.c.Background())
	r.writers = append(r.writers, &partygoer{v: v, due: true})
}

// begin has all writers come, one after the other.
func (r *party) begin() {
	for i, w := range r.writers {
		r.plan(time.Duration(i+1)*r.think, func() { r.sync(w) })
	}
}

func (r *party) plan(after time.Duration, do func()) {
	r.plans = append(r.plans, plan{at: r.now + after, do: do})
}

// sync has a writer write a block and want it to be durable.
func (r *party) sync(w *partygoer) {
	w.write = Request{Op: Write, Sectors: 8, Buf: make([]byte, 4096), Volume: w.v}
	w.flush = Request{Op: Flush, Volume: w.v, Tag: uint32(w.v.ID)}
	r.p.Submit(&w.write)
	r.p.Submit(&w.flush)
	r.take(r.p)
}

// take has what a port asks for done in time, and who is answered come again.
func (r *party) take(p *Port) {
	for _, op := range inline.Take(p) {
		done := func() {
			op.Sink.Done(op, nil)
			r.take(p)
		}
		if op.Kind == block.Wait {
			r.waits = append(r.waits, op.For)
			r.plans = append(r.plans, plan{r.now + op.For, done, op})
			continue
		}
		if r.free = max(r.free, r.now) + r.cost; r.several {
			r.free = r.now + r.cost
		}
		r.plan(r.free-r.now, done)
	}
	for _, q := range p.Answers() {
		if q.Op == Flush {
			r.answers++
			if w := r.writers[q.Tag-1]; w.due {
				r.plan(r.think, func() { r.sync(w) })
			}
		}
	}
}

// next lets the next thing happen that is planned, and tells whether there was one.
func (r *party) next() bool {
	if len(r.plans) == 0 {
		return false
	}
	first := 0
	for i := range r.plans {
		if r.plans[i].at < r.plans[first].at {
			first = i
		}
	}
	e := r.plans[first]
	r.plans = append(r.plans[:first], r.plans[first+1:]...)
	r.now = max(r.now, e.at)
	e.do()
	return true
}

// until lets things happen until that holds.
func (r *party) until(what string, holds func() bool) {
	r.t.Helper()
	for range 100_000 {
		if holds() {
			return
		}
		if !r.next() {
			break
		}
	}
	r.t.Fatalf("it never comes to this: %s", what)
}

// settle lets all answers be waited for, and nobody come again.
func (r *party) settle() {
	for _, w := range r.writers {
		w.due = false
	}
	for r.next() {
	}
}

// waitingParty is a party whose writers wait for one another, while one does.
func waitingParty(t *testing.T, deadline time.Duration) *party {
	t.Helper()
	r := newParty(t, 2)
	r.c.SetBarrierDeadline(deadline)
	r.begin()
	r.until("a barrier waits for company", func() bool { return r.c.company.waiting })
	return r
}

// payingParty is a party of n writers for whom it was found to pay that they wait.
func payingParty(t *testing.T, n int) *party {
	t.Helper()
	r := newParty(t, n)
	r.c.SetBarrierDeadline(time.Second)
	r.begin()
	r.until("barriers wait", func() bool { return r.c.company.pays })
	return r
}

// timer takes a timer out of the plans.
func (r *party) timer() plan {
	i := slices.IndexFunc(r.plans, func(p plan) bool { return p.timer != nil })
	p := r.plans[i]
	r.plans = slices.Delete(r.plans, i, i+1)
	return p
}

// goesOn wants the barrier that waits to go on now.
func (r *party) goesOn(why string) {
	r.t.Helper()
	b := r.c.Background()
	b.Poll()
	r.take(b)
	if r.c.waiters.head != nil && r.c.fuaSeq == r.c.durableSeq && r.c.groupSeq == 0 {
		r.t.Errorf("%s, and a barrier still waits for company", why)
	}
}
