package sim

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// step is a part of what an administrator does. It is tried again until it
// returns true.
type step func() bool

// startAdmin chooses something to do.
func (w *world) startAdmin() {
	i := w.rng.IntN(len(w.Volumes))
	switch w.rng.IntN(8) {
	case 0:
		w.cache.CommitSuper(func(error) {})
	case 1:
		w.cache.FlushCurrent()
	case 2:
		w.cache.CloseCurrent()
	default:
		switch v := w.o.vols[i]; {
		case v.weak:
		case v.logged:
			w.admin = w.detach(i)
		default:
			w.admin = w.attachSteps(i)
		}
	}
	w.pump()
}

// administer tries the next step, if there is one, and tells whether it is done.
func (w *world) administer() bool {
	if len(w.admin) == 0 {
		return false
	}
	next := w.admin[0]
	if !next() { // it may have given all up
		w.pump()
		return false
	}
	if len(w.admin) > 0 {
		w.admin = w.admin[1:]
	}
	w.pump()
	return true
}

func (w *world) freeze(i int) step {
	return func() bool {
		w.tracef("freeze dev %d", i+1)
		w.vols[i].Freeze()
		return true
	}
}

func (w *world) awaitIdle(i int) step { return func() bool { return w.vols[i].Idle() } }

// unfreeze lets the held requests go to their ports, in order.
func (w *world) unfreeze(i int) step {
	return func() bool {
		w.tracef("unfreeze dev %d", i+1)
		w.vols[i].Unfreeze()
		return true
	}
}

// giveUp ends what the administrator does after an error.
func (w *world) giveUp(i int, err error) {
	if !w.s.faulty {
		fail("P9", "attach or detach of device %d failed without a fault: %v", i+1, err)
	}
	w.admin = nil
	w.o.vols[i].weak = true // it may have been the flush that failed
	w.unfreeze(i)()
}

// waitFor starts something and waits for its answer.
func (w *world) waitFor(i int, start func(done func(error)), then func()) step {
	var started, answered bool
	var err error
	return func() bool {
		if !started {
			started = true
			start(func(e error) { answered, err = true, e })
		}
		switch {
		case !answered:
			return false
		case err != nil:
			w.giveUp(i, err)
			return false
		}
		then()
		return len(w.admin) > 0
	}
}

// flushBacking is the host's own flush before an attach.
type flushBacking struct {
	op   block.Op
	done func(error)
}

// Done takes its completion.
func (f *flushBacking) Done(_ *block.Op, err error) { f.done(err) }

// flushDisk starts a flush of the backing of a device.
func (h *host) flushDisk(id uint8, done func(error)) {
	f := &flushBacking{done: done}
	f.op = block.Op{Kind: block.Flush, Dev: block.Dev(id), Sink: f}
	h.s.begin(&f.op, false)
}

// flushBypassed makes durable what a frozen and idle volume has written past
// the log.
func (w *world) flushBypassed(i int) step {
	return w.waitFor(i, func(done func(error)) { w.cache.FlushBypassed(w.vols[i], done) }, func() {})
}

// released takes a volume off the cache with what the log has of it.
func (w *world) released(i int) step {
	return func() bool {
		if !w.mig.Idle() {
			return false
		}
		w.cache.Release(w.vols[i])
		return true
	}
}

func (w *world) attachSteps(i int) []step {
	w.tracef("attach dev %d", i+1)
	return []step{w.freeze(i), w.awaitIdle(i), w.flushed(i), w.attached(i), w.unfreeze(i)}
}

// flushed flushes a backing, as a host does before an attach.
func (w *world) flushed(i int) step {
	return w.waitFor(i, func(done func(error)) { w.flushDisk(w.id(i), done) }, func() {
		if w.o.vols[i].weak {
			w.giveUp(i, errIO) // a flush has failed before: what it lost, this one has not saved
			return
		}
		w.o.vols[i].cut = w.o.now
	})
}

// attached attaches a volume that was flushed. One that was taken off the cache
// with its data goes on where it was.
func (w *world) attached(i int) step {
	return w.waitFor(i, func(done func(error)) {
		w.joining[i] = true
		b := w.binding(i)
		w.cache.Attach(w.vols[i], b, w.unchanged(w.vols[i], &b), done)
		w.giveUpBeside(i)
	}, func() {
		w.joining[i] = false
		if !w.o.vols[i].logged {
			w.o.side(uint8(i+1), true, w.onDisk(i))
		}
	})
}

func (w *world) detach(i int) []step {
	w.tracef("detach dev %d", i+1)
	drained := func() bool {
		if w.cache.DirtyBlocks(w.id(i)) == 0 {
			return true
		}
		if _, err := w.cache.LastMigrated(); err != nil {
			w.giveUp(i, err)
			return false
		}
		if w.mig.Idle() {
			w.cache.CloseCurrent()
			w.startBatch(1 + w.rng.IntN(4))
		}
		return false
	}
	detached := w.waitFor(i, func(done func(error)) {
		w.leaving[i] = true
		w.cache.Detach(w.vols[i], done)
	}, func() {
		w.leaving[i] = false
		if w.o.vols[i].weak {
			w.s.backing[i].reset() // a FLUSH was told meanwhile that writes are lost: they are not what it leaves behind
		}
		ver := w.onDisk(i)
		for lba, k := range ver {
			if c := &w.o.vols[i].cells[lba]; k != c.inForce() && !w.s.faulty {
				fail("P7", "sector %d of device %d: its backing holds write %d after a detach (%s)", lba, i+1, c.v[k].op, w.o.past(uint8(i+1), uint64(lba)))
			}
		}
		w.o.side(uint8(i+1), false, ver)
	})
	return []step{w.freeze(i), w.awaitIdle(i), drained, detached, w.unfreeze(i)}
}

// onDisk is which version of each sector the backing of an idle volume holds.
func (w *world) onDisk(i int) []int {
	d := w.s.backing[i]
	ver := make([]int, len(d.visible))
	w.o.onBacking(w.s.st, w.o.vols[i], d.visible, func(lba uint64, _ *cell, v int) { ver[lba] = v })
	return ver
}

// stop is a clean shutdown: everything answered is durable behind it.
func (w *world) stop() []step {
	steps := []step{}
	for i := range w.Volumes {
		steps = append(steps, w.freeze(i))
	}
	for i := range w.Volumes {
		steps = append(steps, w.awaitIdle(i))
	}
	for i := range w.vols {
		if w.o.vols[i].logged {
			steps = append(steps, w.flushBypassed(i))
		}
	}
	seq := uint64(0)
	steps = append(steps, func() bool {
		seq = w.cache.FlushCurrent()
		return true
	}, func() bool {
		ok, err := w.cache.Durable(seq)
		return ok || err != nil
	})
	marked := w.waitFor(0, w.cache.MarkClean, func() {
		for i, v := range w.o.vols {
			if v.logged {
				w.o.floor = max(w.o.floor, v.acked)
				v.cut = w.o.now
			}
			w.cache.Release(w.vols[i])
		}
		w.stopped = true
	})
	return append(steps, marked)
}

// broken tells whether the cache has given up.
func (w *world) broken() bool {
	_, err := w.cache.LastMigrated()
	return errors.Is(err, logcache.ErrBroken)
}
