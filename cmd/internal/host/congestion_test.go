package host

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// TestCongestion: the slower the cache device is than it should be, the shorter
// are the streams that bypass the log, down to a bound; without a limit none does.
func TestCongestion(t *testing.T) {
	core := &logcache.Cache{}
	g := congestion{core: core}
	steady := func(k blockdev.Kind, d time.Duration) {
		for range 200 {
			g.took(k, d)
		}
	}
	want := func(what string, low, high uint64) {
		t.Helper()
		if n := core.Congested(); n < low || n > high {
			t.Errorf("%s: streams from %d bytes on bypass the log, want %d to %d", what, n, low, high)
		}
	}
	if g.measures() {
		t.Error("it measures though nobody wants to know")
	}
	steady(blockdev.Write, time.Second)
	want("no limit", 0, 0)
	g.setLimits(0, 20*time.Millisecond)
	want("very slow", shortest, shortest)
	steady(blockdev.Write, 10*time.Millisecond)
	want("fast", 0, 0)
	steady(blockdev.Write, 40*time.Millisecond)
	want("twice as slow", longest*49/100, longest*52/100)
	steady(blockdev.Read, time.Second)
	want("slow reads without a limit", longest*49/100, longest*52/100)
	g.setLimits(time.Millisecond, 20*time.Millisecond)
	want("slow reads", shortest, shortest)
	g.setLimits(0, 0)
	want("no limits any more", 0, 0)
}

// TestCongestionEnds: when all goes past the log, nothing is measured, and what
// was is forgotten by and by.
func TestCongestionEnds(t *testing.T) {
	core := &logcache.Cache{}
	g := congestion{core: core}
	g.setLimits(0, time.Millisecond)
	g.took(blockdev.Write, 3*time.Millisecond)
	now := time.Unix(1, 0)
	for i := range 3 {
		if core.Congested() == 0 {
			t.Errorf("it is forgotten after %d s", i)
		}
		now = now.Add(forget)
		g.tick(now)
		g.tick(now)
	}
	if n := core.Congested(); n != 0 {
		t.Errorf("it is not forgotten: streams from %d bytes on still bypass the log", n)
	}
}

// TestTiming: one operation at a time is timed, of those that tell something.
func TestTiming(t *testing.T) {
	g := congestion{core: &logcache.Cache{}}
	var tm timing
	slow, hard, other := &blockdev.Op{Kind: blockdev.Write}, &blockdev.Op{Kind: blockdev.Write, FUA: true}, &blockdev.Op{Kind: blockdev.Write, Dev: 5}
	for _, op := range []*blockdev.Op{hard, other, {Kind: blockdev.Flush}} {
		if tm.start(op); tm.op != nil {
			t.Errorf("%+v is timed", op)
		}
	}
	tm.start(slow)
	tm.start(&blockdev.Op{Kind: blockdev.Read})
	slow.Kind = blockdev.Read // it is in use for something else by its completion
	tm.end(nil, &g)
	tm.end(other, &g)
	tm.end(slow, &g)
	tm.end(slow, &g)
	if g.write.Load() == 0 || g.read.Load() != 0 || tm.op != nil {
		t.Errorf("writes take %d ns, reads %d", g.write.Load(), g.read.Load())
	}
}
