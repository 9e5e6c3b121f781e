package sim

import (
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has barriers wait for company, on a clock of the run by which that
// pays, or does not. Their timers are operations like all others: they run out at
// any time, also long after what they were for.

// guests is how many requests more there are in a generation.
const guests = 60

// meet has all devices write and sync, and come again when that is answered, one
// operation of the log after the other, so that barriers wait for company in the
// end, if they may.
func (w *world) meet() {
	for n := 0; n < 120 && w.together() && !w.broken(); n++ {
		for i := range w.vols {
			w.sync(i)
		}
		if len(w.s.flights) > 0 {
			w.takeTime(w.s.flights[0].op)
		}
		if !w.orderly(fifo) {
			return
		}
		w.watchBatches() // one that began before may end here
		w.makeRoom()
	}
}

// together tells whether several devices are attached.
func (w *world) together() bool {
	n := 0
	for _, v := range w.o.vols {
		if v.logged {
			n++
		}
	}
	return n > 1
}

// sync has a device, unless it waits for something, write and want that to be
// durable.
func (w *world) sync(i int) {
	if !w.o.vols[i].logged || len(w.idle) < 2 || w.waits(i) {
		return
	}
	w.one(i, logcache.Write, i%2 == 0, 0, 1)
	if i%2 > 0 {
		w.one(i, logcache.Flush, false, 0, 0)
	}
	w.clock += 5 * time.Microsecond
}

// makeRoom migrates what it can, in no time.
func (w *world) makeRoom() {
	if w.cache.Gauge().Closed == 0 || !w.startBatch(w.Slots) {
		return
	}
	w.pump()
	for !w.mig.Idle() && len(w.s.flights) > 0 {
		w.orderly(fifo)
		w.watchBatches()
	}
}

// waits tells whether a request of a volume is under way.
func (w *world) waits(i int) bool {
	return slices.ContainsFunc(w.reqs, func(r *request) bool { return r.busy && r.Volume == w.vols[i] })
}

// changeWait lets barriers wait for another time from now on.
func (w *world) changeWait() {
	w.allowWait([]time.Duration{0, 30 * time.Microsecond, time.Millisecond, time.Minute, time.Minute}[w.guest.IntN(5)])
}

// allowWait says for how long barriers may wait.
func (w *world) allowWait(longest time.Duration) {
	w.tracef("barriers may wait %v", longest)
	w.s.longest = longest
	w.cache.SetBarrierDeadline(longest)
	w.pump()
}

// takeTime lets pass what an operation has taken: much, if it is one of the log's.
func (w *world) takeTime(op *block.Op) {
	if w.Company && op.Dev == block.Cache && (op.Kind == block.Write || op.Kind == block.Flush) {
		w.clock += time.Duration(100+w.guest.IntN(400)) * time.Microsecond
	}
}

// beginWait takes in that a barrier waits, which it may, and for so long.
func (s *devs) beginWait(op *block.Op, f *flight) *flight {
	if op.For <= 0 || op.For > s.longest {
		fail("P9", "a barrier is to wait %v for company, and may %v", op.For, s.longest)
	}
	if len(s.backing) == 1 {
		fail("P9", "a barrier is to wait %v for company, and there is no other device", op.For)
	}
	s.work.waits++
	*f = flight{op: op, d: s.cache}
	s.flights = append(s.flights, f)
	return f
}
