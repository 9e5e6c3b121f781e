package sim

import (
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// verb is something that a workload of the exhaustive search may do.
type verb struct {
	name string
	do   func(w *world)
	// when tells whether it makes sense, given whether device 1 is attached.
	when  func(attached bool) bool
	after func(attached bool) bool
}

func always(bool) bool         { return true }
func same(attached bool) bool  { return attached }
func isOn(attached bool) bool  { return attached }
func isOff(attached bool) bool { return !attached }

func request1(name string, vol int, op logcache.Op, fua bool, lba uint64, n uint32) verb {
	return verb{name, func(w *world) { w.one(vol, op, fua, lba, n) }, always, same}
}

// verbs are those of the exhaustive search. Device 1 is 192 sectors, device 2
// is 64; a segment is 16 sectors, the log has 5 slots.
var verbs = []verb{
	request1("write512", 0, logcache.Write, false, 3, 1),
	request1("write4k", 0, logcache.Write, false, 0, 8),
	request1("write64k", 0, logcache.Write, false, 16, 128),
	request1("acrossEnd", 1, logcache.Write, false, 8, 20),
	request1("overlap", 0, logcache.Write, false, 2, 4),
	request1("flush", 0, logcache.Flush, false, 0, 0),
	request1("fua", 1, logcache.Write, true, 12, 2),
	request1("discard", 0, logcache.Discard, false, 3, 20),
	request1("zeroes", 1, logcache.Zero, true, 10, 6),
	{"bypass", func(w *world) { w.bypass(0, 2, 4) }, always, same},
	{"migrate", func(w *world) { w.admin = append(w.admin, w.migrateSteps()...) }, always, same},
	{"wrap", func(w *world) { w.admin = append(w.admin, w.wrapSteps()...) }, always, same},
	request1("read", 0, logcache.Read, false, 0, 24),
	{"detach", func(w *world) { w.admin = append(w.admin, w.detach(0)...) }, isOn, func(bool) bool { return false }},
	{"attach", func(w *world) { w.admin = append(w.admin, w.attachSteps(0)...) }, isOff, func(bool) bool { return true }},
}

// scriptOptions are those of the exhaustive search.
func scriptOptions(blockSize uint32) Options {
	o := Options{Seed: 1, BlockSize: blockSize, SegmentSize: 8 << 10, Slots: 5, Buffers: 3, Volumes: []int{192, 64}, Ports: 2, Depth: 12,
		Scope: witness.Scope{Head: 2, Tail: 2, Marks: 2}} // so that "bypass" may
	if blockSize == 4096 {
		o.SegmentSize = 16 << 10
	}
	return o
}

// one sends a request through the ports in turn.
func (w *world) one(vol int, op logcache.Op, fua bool, lba uint64, n uint32) {
	r := w.idle[len(w.idle)-1]
	w.idle = w.idle[:len(w.idle)-1]
	w.send(r, len(w.idle)%len(w.ports), vol, op, fua, lba, n)
}

// migrateSteps migrate what the log holds now.
func (w *world) migrateSteps() []step {
	last := uint64(0)
	return []step{
		func() bool { last = w.cache.CloseCurrent(); return true },
		func() bool { return w.migrated(last) },
	}
}

// migrated starts a batch if none is under way, until the log is free up to a
// segment.
func (w *world) migrated(last uint64) bool {
	id, err := w.cache.LastMigrated()
	if id >= last || err != nil {
		return true
	}
	if w.mig.Idle() {
		w.mig.Step(2)
	}
	return false
}

// wrapSteps send the log once around its ring.
func (w *world) wrapSteps() []step {
	var steps []step
	for i := range w.Slots {
		steps = append(steps, func() bool { return len(w.idle) > 0 }, func() bool {
			w.one(1, logcache.Write, i%2 == 0, uint64(30+3*i), 6)
			return true
		})
		steps = append(steps, w.migrateSteps()...)
	}
	return steps
}

// order says which of the operations under way completes next.
type order uint8

const (
	fifo   order = iota // the oldest
	lifo                // the newest
	lazy                // the oldest, but requests come first
	orders = 3
)

func (o order) String() string { return [...]string{"fifo", "lifo", "lazy"}[o] }

// endless is after how many events a workload of a few requests has gone astray.
const endless = 20000

// orderly lets the next thing happen, and tells whether there was one.
func (w *world) orderly(o order) bool {
	w.o.now++
	w.stats.Events++
	if w.o.now > endless {
		fail("P9", "there is no end: %d steps to go, %d requests wait", len(w.admin), len(w.reqs)-len(w.idle))
	}
	w.readAhead(2)
	n := len(w.s.flights)
	switch {
	case n > 0 && o == lifo:
		w.complete(n - 1)
	case n > 0:
		w.complete(0)
	default:
		for i := range w.woken {
			if w.woken[i] {
				w.poll(i)
				return true
			}
		}
		return w.stuck()
	}
	return true
}

// play runs a workload and calls point at each moment from the last verb on,
// when the power may fail. What came before, shorter workloads have explored.
func (w *world) play(script []verb, o order, point func()) {
	for i, v := range script {
		w.o.now++
		v.do(w)
		w.pump()
		if o == lazy && i+1 < len(script) {
			continue
		}
		last := i+1 == len(script)
		if last {
			point()
		}
		for w.orderly(o) {
			w.watchBatches()
			if last {
				point()
			}
		}
	}
}
