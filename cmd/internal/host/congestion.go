package host

import (
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

const (
	// longest is the stream that bypasses the log as soon as the cache device is
	// slower than its threshold, in bytes. At twice the threshold half of that
	// does, and so on, down to shortest: smaller pieces are what the log is for.
	longest  = 1 << 20
	shortest = 64 << 10

	// forget is how long a latency counts for when nothing new is measured.
	forget = time.Second
)

// congestion measures how long the cache device takes for reads and for writes
// of the log, and lets streams bypass it while that is longer than it should be.
// Each queue times one operation at a time.
type congestion struct {
	core *logcache.Cache

	readLimit, writeLimit atomic.Int64 // ns; 0 = any latency will do
	read, write           atomic.Int64 // ns, smoothed; 0 = not known
	fresh                 atomic.Bool  // something was measured since the last tick
	ticked                time.Time    // of the cache's thread
}

// setLimits sets the latencies from which the device counts as congested; 0 = none does.
func (g *congestion) setLimits(read, write time.Duration) {
	g.readLimit.Store(int64(read))
	g.writeLimit.Store(int64(write))
	g.judge()
}

// measures tells whether somebody wants to know. It is asked for every turn.
func (g *congestion) measures() bool { return g.readLimit.Load() > 0 || g.writeLimit.Load() > 0 }

// took takes in how long an operation took. Any queue; when two come at the same
// time one may be lost.
func (g *congestion) took(k blockdev.Kind, d time.Duration) {
	const weight = 8
	of := &g.write
	if k == blockdev.Read {
		of = &g.read
	}
	if old := of.Load(); old == 0 {
		of.Store(int64(d))
	} else {
		of.Store(old + (int64(d)-old)/weight)
	}
	g.fresh.Store(true)
	g.judge()
}

// tick halves what was measured if nothing has been for a while: what bypasses
// the log says nothing of the device. It belongs to the cache's thread.
func (g *congestion) tick(now time.Time) {
	if now.Sub(g.ticked) < forget {
		return
	}
	g.ticked = now
	if g.fresh.Swap(false) || g.core.Congested() == 0 {
		return
	}
	g.read.Store(g.read.Load() / 2)
	g.write.Store(g.write.Load() / 2)
	g.judge()
}

// judge tells the core how long a stream must be to bypass the log.
func (g *congestion) judge() {
	n := min(pastOf(g.read.Load(), g.readLimit.Load()), pastOf(g.write.Load(), g.writeLimit.Load()))
	if n > longest {
		n = 0
	}
	if g.core.Congested() != n {
		g.core.SetCongested(n)
	}
}

// pastOf is the shortest stream that a latency lets past the log; more than
// longest if none.
func pastOf(latency, limit int64) uint64 {
	if limit == 0 || latency <= limit {
		return longest + 1
	}
	return max(shortest, uint64(float64(longest)*float64(limit)/float64(latency)))
}

// timing is the operation that a queue times.
type timing struct {
	op    *blockdev.Op // nil = none
	kind  blockdev.Kind
	began time.Time
}

// start times an operation that is about to start, if it is one that tells: a
// write that has to be durable at once takes longer for that.
func (t *timing) start(op *blockdev.Op) {
	if t.op == nil && op.Dev == blockdev.Cache && !op.FUA && op.Kind <= blockdev.Write {
		*t = timing{op, op.Kind, time.Now()}
	}
}

// end takes note of a completion. The operation may be in use for another
// purpose already, so that it is only a name here.
func (t *timing) end(op *blockdev.Op, g *congestion) {
	if op == nil || t.op != op {
		return
	}
	t.op = nil
	if g != nil {
		g.took(t.kind, time.Since(t.began))
	}
}
