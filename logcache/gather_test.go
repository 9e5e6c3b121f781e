package logcache

import (
	"testing"
	"time"
)

// TestGather: where a group is costly and the writers of several devices come again
// soon, all share each group, and the wait for them is a part of what it costs.
func TestGather(t *testing.T) {
	for _, n := range []int{2, 4} {
		r := payingParty(t, n)
		r.until("all are together", func() bool { return r.c.company.groups > 0 })
		begun, answers := r.now, r.answers
		r.until("a hundred groups", func() bool { return r.answers >= answers+100*n })
		if took := (r.now - begun) / 100; took > r.cost+r.think+r.cost/20 { // a segment ends now and then
			t.Errorf("%d writers: a group takes %v, of which the device takes %v", n, took, r.cost)
		}
		for _, wait := range r.waits {
			if wait > r.cost {
				t.Fatalf("%d writers: a barrier is to wait %v for a group that costs %v", n, wait, r.cost)
			}
		}
	}
}

// TestGatherWithoutReason: nobody waits who has nobody to wait for, or not long
// enough, or too long; and nobody ever does if he may not.
func TestGatherWithoutReason(t *testing.T) {
	for name, c := range map[string]struct {
		writers               int
		cost, think, deadline time.Duration
	}{
		"one writer":     {1, 500 * time.Microsecond, 10 * time.Microsecond, time.Second},
		"a cheap flush":  {2, 40 * time.Microsecond, time.Microsecond, time.Second},
		"they come late": {2, 500 * time.Microsecond, 1100 * time.Microsecond, time.Second},
		"nobody may":     {2, 500 * time.Microsecond, 10 * time.Microsecond, 0},
	} {
		r := newParty(t, c.writers)
		r.cost, r.think = c.cost, c.think
		r.c.SetBarrierDeadline(c.deadline)
		r.begin()
		r.until("500 answers", func() bool { return r.answers >= 500 })
		if n := r.c.Status().Gathered; n > 0 || len(r.waits) > 0 || r.c.company.pays {
			t.Errorf("%s: %d groups waited, %d times", name, n, len(r.waits))
		}
		if c.deadline == 0 && r.lookedAt > 0 {
			t.Errorf("%s: the clock was read %d times for nothing", name, r.lookedAt)
		}
	}
}

// TestGatherThatDoesNotHelp: on a device that does several writes at once, a wait
// takes more than it saves; so it is tried now and then, and that is all.
func TestGatherThatDoesNotHelp(t *testing.T) {
	r := newParty(t, 2)
	r.several, r.think = true, 100*time.Microsecond
	r.c.SetBarrierDeadline(time.Second)
	r.begin()
	r.until("it is tried", func() bool { return r.c.company.pays })
	r.until("it is given up", func() bool { return !r.c.company.pays })
	gathered, answers := r.c.Status().Gathered, r.answers
	r.until("5000 answers", func() bool { return r.answers >= answers+5000 })
	if n := r.c.Status().Gathered - gathered; n == 0 || n > 150 {
		t.Errorf("%d of some 2500 groups have waited", n)
	}
}

// TestGatherComparedWithLongAgo: that barriers take less time than they did when
// the device was slow is no reason to wait for ever.
func TestGatherComparedWithLongAgo(t *testing.T) {
	r := newParty(t, 2)
	r.several, r.think, r.cost = true, 100*time.Microsecond, 5*time.Millisecond
	r.c.SetBarrierDeadline(time.Second)
	r.begin()
	r.until("it is tried", func() bool { return r.c.company.pays })
	r.cost = 500 * time.Microsecond
	r.until("it is given up", func() bool { return !r.c.company.pays })
	gathered, answers := r.c.Status().Gathered, r.answers
	r.until("5000 answers", func() bool { return r.answers >= answers+5000 })
	if n := r.c.Status().Gathered - gathered; n > 150 {
		t.Errorf("%d of some 2500 groups have waited", n)
	}
}

// TestGatherSettles: what barriers take while their groups come together says
// nothing of what they take then.
func TestGatherSettles(t *testing.T) {
	r := payingParty(t, 2)
	for r.c.company.groups <= 0 {
		if n := r.c.company.barriers; n > 0 {
			t.Fatalf("%d barriers are counted, %d groups before it", n, -r.c.company.groups)
		}
		r.next()
	}
}

// TestGatherOneIsLeft: when the others have left, a device does not wait for
// itself.
func TestGatherOneIsLeft(t *testing.T) {
	r := payingParty(t, 2)
	r.settle()
	gone := r.writers[1].v
	gone.Freeze()
	r.c.Release(gone)
	waits := len(r.waits)
	for range 4 {
		for i := range uint64(2) {
			r.p.Submit(&Request{Op: Write, FUA: true, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.writers[0].v})
			r.take(r.p)
		}
		for r.next() {
		}
	}
	if n := len(r.waits) - waits; n > 0 {
		t.Errorf("a device has waited for its own barriers %d times", n)
	}
}

// TestGatherDeadline: no barrier waits longer than it may, whoever is expected.
func TestGatherDeadline(t *testing.T) {
	const deadline = 30 * time.Microsecond
	r := waitingParty(t, deadline)
	r.until("many waits", func() bool { return len(r.waits) >= 50 })
	for _, wait := range r.waits {
		if wait > deadline || wait <= 0 {
			t.Fatalf("a barrier is to wait %v", wait)
		}
	}
}

// TestGatherForOneWhoIsGone: who waits for somebody that does not come goes on when
// his time is up, and does not wait for him again.
func TestGatherForOneWhoIsGone(t *testing.T) {
	r := payingParty(t, 3)
	gone := r.writers[2]
	gone.due = false
	r.until("he was answered", func() bool { return gone.flush.need > 0 && gone.flush.need <= r.c.durableSeq })
	begun, answers := r.now, r.answers
	r.until("ten groups without him", func() bool { return r.answers >= answers+20 })
	if took := (r.now - begun) / 10; took > r.cost+r.think+slack {
		t.Errorf("a group takes %v", took)
	}
}

// TestGatherTooLate: nobody is waited for who should have been back long ago.
func TestGatherTooLate(t *testing.T) {
	r := waitingParty(t, time.Second)
	r.settle()
	r.now += time.Second
	if r.sync(r.writers[0]); !r.c.company.pays || r.c.company.waiting || r.c.fuaSeq == r.c.durableSeq {
		t.Error("a barrier waits for one who is late")
	}
}

// TestGatherWhileTheThreadIsBusy: no barrier waits longer than it may because the
// cache's own thread has other things to do when a device is held.
func TestGatherWhileTheThreadIsBusy(t *testing.T) {
	r := waitingParty(t, time.Second)
	timer := r.timer()
	r.writers[2-r.c.waiters.head.Volume.ID].v.Freeze()
	if timer.do(); r.c.fuaSeq == r.c.durableSeq && r.c.groupSeq == 0 {
		t.Error("its time is up, and a barrier waits for that thread")
	}
	r.settle()
	if n := r.c.waiters.n; n > 0 {
		t.Errorf("%d barriers are never answered", n)
	}
}

// TestGatherOldTimer: a timer of a wait that has ended does not end the next one.
func TestGatherOldTimer(t *testing.T) {
	r := waitingParty(t, time.Second)
	timer := r.timer()
	old := r.c.company.round
	r.until("another wait", func() bool { return r.c.company.waiting && r.c.company.round > old })
	under := r.c.fuaSeq
	if timer.do(); !r.c.company.waiting || r.c.fuaSeq != under {
		t.Error("it ends with the timer of another one")
	}
	r.settle()
	for _, w := range r.writers {
		if w.flush.need > r.c.durableSeq {
			t.Errorf("a barrier of device %d was never answered", w.v.ID)
		}
	}
}

// TestGatherEnds: a barrier that waits for company goes on when the devices are
// held, when no barrier may wait any more, and when migration wants the log to be
// durable.
func TestGatherEnds(t *testing.T) {
	for _, c := range []struct {
		why string
		end func(r *party)
	}{
		{"its own device is held", func(r *party) { r.c.waiters.head.Volume.Freeze() }},
		{"the other device is held", func(r *party) { r.writers[2-r.c.waiters.head.Volume.ID].v.Freeze() }},
		{"no barrier may wait", func(r *party) { r.c.SetBarrierDeadline(0) }},
		{"barriers may wait for another time", func(r *party) { r.c.SetBarrierDeadline(time.Millisecond) }},
		{"the log is to be durable", func(r *party) { r.c.FlushCurrent() }},
		{"its segment is to end", func(r *party) { r.c.CloseCurrent() }},
	} {
		r := waitingParty(t, time.Second)
		c.end(r)
		r.goesOn(c.why)
		r.settle()
		if n := r.c.waiters.n; n > 0 {
			t.Errorf("%s, and %d barriers are never answered", c.why, n)
		}
	}
}

// TestGatherWhileFrozen: one that is held does not come, so nobody waits for him.
func TestGatherWhileFrozen(t *testing.T) {
	r := waitingParty(t, time.Second)
	held := r.c.waiters.head.Volume
	held.Freeze()
	r.goesOn("a device is held")
	r.until("it is idle", held.Idle)
	if r.c.company.expected > 0 {
		t.Error("a frozen device is expected")
	}
	r.c.Release(held)
	if held.absence != (absence{}) {
		t.Errorf("a device that has left the cache has %+v of it", held.absence)
	}
}

// TestGatherOnARetiredPort: a timer that runs out on a thread that is about to end
// leaves what follows to the cache's own.
func TestGatherOnARetiredPort(t *testing.T) {
	r := waitingParty(t, time.Second)
	r.p.Retire()
	r.p.Done(r.timer().timer, nil)
	if n := len(r.p.Ops()); n > 0 {
		t.Errorf("a retired port has started %d operations", n)
	}
	r.goesOn("its time is up")
}

// TestGatherAllocatesNothing: neither what is measured nor the waits cost memory.
func TestGatherAllocatesNothing(t *testing.T) {
	r := waitingParty(t, time.Second)
	r.settle()
	for range 100 {
		r.meet()
	}
	before := r.c.Status().Gathered
	if n := testing.AllocsPerRun(200, r.meet); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if r.c.Status().Gathered == before {
		t.Error("and nobody has waited")
	}
}

// meet has all writers write and sync once.
func (r *party) meet() {
	for _, w := range r.writers {
		r.p.Submit(&w.write)
		r.p.Submit(&w.flush)
		r.now += 5 * time.Microsecond
	}
	r.ops = append(r.ops[:0], r.p.Ops()...)
	r.now += r.cost
	for _, op := range r.ops {
		op.Sink.Done(op, nil)
	}
	r.p.Answers()
}
