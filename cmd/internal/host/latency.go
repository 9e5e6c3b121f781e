package host

import (
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// latency is how long the cache device takes for reads and for writes of the
// log. Each queue times one operation at a time; the pacer decides what follows.
type latency struct {
	core     *logcache.Cache
	settings *atomic.Pointer[pace.Settings]
	wake     func() // the cache's thread

	read, write atomic.Int64 // ns, smoothed; 0 = not known
	fresh       atomic.Bool  // something was measured since the last step
}

// measures tells whether somebody wants to know. It is asked in every
// iteration of a queue.
func (l *latency) measures() bool { return l.settings.Load().MeasuresLatency() }

// record takes in how long an operation took. Any queue; when two come at the
// same time one may be lost.
func (l *latency) record(k block.Kind, d time.Duration) {
	of := &l.write
	if k == block.Read {
		of = &l.read
	}
	of.Store(int64(pace.Smooth(time.Duration(of.Load()), d)))
	l.fresh.Store(true)
	if cutoffMoved(l.core.Congested(), l.settings.Load().Cutoff(l.figures())) {
		l.wake()
	}
}

// cutoffMoved tells whether a cutoff is so far from the one in force that the
// cache's thread must know at once: by an eighth, or none.
func cutoffMoved(from, to uint64) bool {
	return from != to && (from == 0 || to == 0 || max(from, to)-min(from, to) > from/8)
}

func (l *latency) figures() pace.Latency {
	return pace.Latency{Read: time.Duration(l.read.Load()), Write: time.Duration(l.write.Load())}
}

// collect is what was measured since the last step.
func (l *latency) collect() pace.Latency {
	fresh := l.fresh.Load() && l.fresh.Swap(false)
	f := l.figures()
	f.Fresh = fresh
	return f
}

// apply has streams bypass the log, or not, as the pacer says.
func (l *latency) apply(o *pace.Orders) {
	if o.Forget {
		l.read.Store(l.read.Load() / 2)
		l.write.Store(l.write.Load() / 2)
	}
	if l.core.Congested() != o.Cutoff {
		l.core.SetCongested(o.Cutoff)
	}
}

// timing is the operation that a queue times.
type timing struct {
	op    *block.Op // nil = none
	kind  block.Kind
	began time.Time
}

// start times an operation that is about to start, if it is one that tells: a
// write that has to be durable at once takes longer for that.
func (t *timing) start(op *block.Op) {
	if t.op == nil && op.Dev == block.Cache && !op.FUA && op.Kind <= block.Write {
		*t = timing{op, op.Kind, time.Now()}
	}
}

// end takes note of a completion. The operation may be in use for another
// purpose already, so that it is only a name here.
func (t *timing) end(op *block.Op, l *latency) {
	if op == nil || t.op != op {
		return
	}
	t.op = nil
	if l != nil {
		l.record(t.kind, time.Since(t.began))
	}
}
