package logcache

import "testing"

// TestCredit: a token bucket that lets a write go while there is anything in it,
// and takes its whole length.
func TestCredit(t *testing.T) {
	type step struct {
		set  Credit
		take int // bytes; 0 = only set
		want bool
		left int64
	}
	grant := func(n int64) Credit { return Credit{Slowed: true, Bytes: n, First: 64, Most: 256} }
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"open", []step{{Credit{}, 1 << 20, true, 0}}},
		{"the first burst, and a debt", []step{{grant(0), 100, true, -36}, {grant(36), 1, false, 0}, {grant(1), 200, true, -199}}},
		{"what is not used does not pile up", []step{{grant(1000), 0, false, 256}, {grant(1000), 0, false, 256}}},
		{"open again: a debt is forgotten", []step{{grant(0), 1000, true, -936}, {Credit{}, 10, true, -936}, {grant(10), 1, true, 73}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var l limiter
			for i, s := range c.steps {
				l.set(s.set)
				if s.take > 0 {
					r := &Request{Op: Write, Buf: make([]byte, s.take)}
					got := l.meets(r)
					if got != s.want {
						t.Errorf("step %d: goes %v, want %v", i, got, s.want)
					}
					if got {
						l.spend(r)
					}
				}
				if l.left != s.left {
					t.Errorf("step %d: %d left, want %d", i, l.left, s.left)
				}
			}
		})
	}
}

// TestLimitOfOthers: a cache slows nobody who is not attached to it.
func TestLimitOfOthers(t *testing.T) {
	a, b := attachedBench(t), attachedBench(t)
	v := NewVolume(1, "v", 64, 512)
	a.c.Limit(v, Credit{Slowed: true})
	a.c.Limit(b.v, Credit{Slowed: true})
	v.Unlimit()
	if v.limiter.on || b.v.limiter.on || v.Backlogged() || v.Status().SlowedWrites > 0 {
		t.Errorf("%+v, %+v", &v.limiter, &b.v.limiter)
	}
}

// TestUnlimitedForGood: who is let go is not slowed again, until he is attached
// anew.
func TestUnlimitedForGood(t *testing.T) {
	r := attachedBench(t)
	r.c.Limit(r.v, Credit{Slowed: true})
	r.v.Unlimit()
	r.c.Limit(r.v, Credit{Slowed: true})
	if r.v.limiter.on {
		t.Error("slowed again")
	}
	r.c.Release(r.v)
	if r.v.limiter.free {
		t.Error("a device without a cache is free for ever")
	}
}

// TestBackloggedBeforeItWasSlowed: writes that have waited for room wait for credit
// when the volume is slowed, and so want some.
func TestBackloggedBeforeItWasSlowed(t *testing.T) {
	r := attachedBench(t)
	p := NewPort(func() {})
	for i := uint64(0); r.c.Status().WaitingWrites == 0; i++ {
		p.Submit(&Request{Op: Write, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	}
	r.c.Limit(r.v, Credit{Slowed: true})
	if _ = r.v.Backlogged(); !r.v.Backlogged() {
		t.Error("nothing waits")
	}
}
