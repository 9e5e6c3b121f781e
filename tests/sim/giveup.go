package sim

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache"
)

// This file gives up what the log holds of a device, as an administrator does
// whose disk is gone. What the disk has is then all there is of it; nothing of
// what was given up may come back, also when its id is bound anew.

// giveUpSteps take a volume off the cache, give its data up and let it go on past
// the log. The flush stands for the disk being gone, or another one: what it has
// is settled.
func (w *world) giveUpSteps(i int) []step {
	w.tracef("give up dev %d", i+1)
	id, n := w.id(i), uint8(i+1)
	flushed := w.waitFor(i, func(done func(error)) { w.flushDisk(id, done) }, func() {})
	gone := w.waitFor(i, func(done func(error)) {
		w.leaving[i], w.giving[i] = true, true
		w.askToGiveUp(id, func(err error) {
			if err == nil {
				w.o.giveUp(n, w.onDisk(i))
				w.leaving[i], w.giving[i] = false, false
			}
			done(err)
		})
		w.attachBeside(i)
	}, func() {})
	return []step{w.freeze(i), w.awaitIdle(i), w.flushBypassed(i), w.released(i), flushed, gone, w.unfreeze(i)}
}

// askToGiveUp asks again as long as the machine has just slept.
func (w *world) askToGiveUp(id uint8, done func(error)) {
	w.cache.GiveUp(id, func(err error) {
		if errors.Is(err, logcache.ErrDoubt) {
			w.askToGiveUp(id, done)
			return
		}
		done(err)
	})
}

// startGiveUp gives up a volume that the seed chooses, if it is attached.
func (w *world) startGiveUp() {
	if i := w.gone.IntN(len(w.Volumes)); w.o.vols[i].logged {
		w.admin = w.giveUpSteps(i)
		w.pump()
	}
}

// giveUp forgets an idle volume's past. ver is what its backing holds. Nothing
// of what was logged is asked for any more.
func (o *oracle) giveUp(vol uint8, ver []int) {
	v := o.vols[vol-1]
	v.logged = false
	o.side(vol, false, ver)
}

// givenUp takes in, after a power cut in the middle of it, which volumes turn
// out to be given up.
func (w *world) givenUp(out *outcome) {
	for i := range out.vols {
		if out.vols[i].gone {
			w.o.giveUp(uint8(i+1), w.onDisk(i))
			clear(out.vols[i].version)
		}
	}
}
