package host

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// newLatency measures writes against a limit of 20 ms, and counts who is woken.
func newLatency(woken *int) *latency {
	var settings atomic.Pointer[pace.Settings]
	settings.Store(&pace.Settings{CongestedWrite: 20 * time.Millisecond})
	return &latency{core: &logcache.Cache{}, settings: &settings, wake: func() { *woken++ }}
}

// The pacer hears of a device that becomes congested, or no longer is, at once;
// of one that is as slow as before, when it asks.
func TestLatencyWakes(t *testing.T) {
	woken := 0
	l := newLatency(&woken)
	for range 10 {
		l.record(block.Write, 10*time.Millisecond)
		l.record(block.Read, time.Second)
	}
	if woken > 0 || !l.measures() {
		t.Errorf("woken %d times for a fast device", woken)
	}
	for woken == 0 {
		l.record(block.Write, 40*time.Millisecond)
	}
	f := l.collect()
	if f.Write <= 20*time.Millisecond || !f.Fresh || l.collect().Fresh {
		t.Errorf("woken at %+v", f)
	}
	l.apply(&pace.Orders{Cutoff: l.settings.Load().Cutoff(f)})
	woken = 0
	l.record(block.Write, f.Write)
	if woken > 0 {
		t.Error("woken for what is in force")
	}
	l.apply(&pace.Orders{Cutoff: l.core.Congested(), Forget: true})
	if got := l.figures().Write; got != f.Write/2 {
		t.Errorf("forgotten: %v of %v", got, f.Write)
	}
	l.record(block.Write, time.Millisecond)
	if woken != 1 {
		t.Errorf("woken %d times when it is fast again", woken)
	}
	l.settings.Store(&pace.Settings{})
	if l.measures() {
		t.Error("it measures though nobody wants to know")
	}
}

// TestTiming: one operation at a time is timed, of those that tell something.
func TestTiming(t *testing.T) {
	woken := 0
	l := newLatency(&woken)
	var tm timing
	slow, hard, other := &block.Op{Kind: block.Write}, &block.Op{Kind: block.Write, FUA: true}, &block.Op{Kind: block.Write, Dev: 5}
	for _, op := range []*block.Op{hard, other, {Kind: block.Flush}} {
		if tm.start(op); tm.op != nil {
			t.Errorf("%+v is timed", op)
		}
	}
	tm.start(slow)
	tm.start(&block.Op{Kind: block.Read})
	slow.Kind = block.Read // it is in use for something else by its completion
	tm.end(nil, l)
	tm.end(other, l)
	tm.end(slow, l)
	tm.end(slow, l)
	if f := l.figures(); f.Write == 0 || f.Read != 0 || tm.op != nil {
		t.Errorf("latencies %+v", f)
	}
}
