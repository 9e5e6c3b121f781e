package sim

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has disks that go away under an attached volume and come back without
// what they had not flushed, while a batch of migration may be under way to them.

// reopenSteps open the disk of a volume anew. What bypassed the log is made durable
// before; what migration has written, and not flushed, is gone.
func (w *world) reopenSteps(i int) []step {
	w.tracef("reopen dev %d", i+1)
	reopened := func() bool {
		d := w.s.backing[i]
		w.mig.Abandon(block.Dev(w.id(i)))
		if w.mig.Busy(block.Dev(w.id(i))) || slices.ContainsFunc(w.s.flights, func(f *flight) bool { return f.d == d }) {
			return false
		}
		w.tracef("dev %d loses %d writes", i+1, len(d.done))
		w.s.faulty = w.s.faulty || len(d.done) > 0 // a batch may fail, and who waits for it is told
		d.forget(d.clock)
		d.reset()
		w.vols[i].Reopened()
		return true
	}
	return []step{w.freeze(i), w.awaitIdle(i), w.flushBypassed(i), reopened, w.unfreeze(i)}
}

// startReopen does that to a volume that the seed chooses, if it is attached.
func (w *world) startReopen() {
	if i := w.back.IntN(len(w.Volumes)); w.o.vols[i].logged && !w.o.vols[i].weak {
		w.admin = w.reopenSteps(i)
		w.pump()
	}
}
