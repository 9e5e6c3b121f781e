package sim

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has disks that are devices under one id now, under another one later,
// while other disks get the ids that are free. Labels and the oracle go by the
// number of the disk, which stays: data of one id never shows on the disk that has
// that id next, and a log that holds data of a disk holds it under one id only.

// numbering is under which id each disk is a device now.
type numbering struct{ ids []uint8 }

func newNumbering(disks int) *numbering {
	n := &numbering{}
	for i := range disks {
		n.ids = append(n.ids, uint8(i+1))
	}
	return n
}

// disk is the number of the disk that has an id, from 0, or -1.
func (n *numbering) disk(id uint8) int { return slices.Index(n.ids, id) }

// freeID is one that no disk has.
func (w *world) freeID() uint8 {
	for {
		if id := uint8(1 + w.names.IntN(len(w.ids.ids)+2)); w.ids.disk(id) < 0 {
			return id
		}
	}
}

// startRebind takes a disk off the cache, binds it again, most often under another
// id, or tries to have it twice.
func (w *world) startRebind() {
	i := w.names.IntN(len(w.Volumes))
	switch v := w.o.vols[i]; {
	case v.weak:
	case !v.logged:
		w.admin = append(w.renameSteps(i), w.attachSteps(i)...)
	case w.names.IntN(2) == 0:
		w.admin = w.detach(i)
	case !w.Faults: // else it may stay off, and written to
		w.admin = w.twinSteps(i)
	}
	w.pump()
}

// renameSteps give a disk that is not attached another id, as who removes a device
// and creates it anew: nobody has it open meanwhile.
func (w *world) renameSteps(i int) []step {
	busy := func(r *request) bool { return r.busy && r.Volume == w.vols[i] }
	shut := func() bool {
		w.shut[i] = true
		return true
	}
	renamed := func() bool {
		if !w.mig.Idle() || slices.ContainsFunc(w.reqs, busy) {
			return false
		}
		id := w.freeID()
		w.tracef("dev %d has id %d, and had %d", i+1, id, w.ids.ids[i])
		w.ids.ids[i], w.shut[i] = id, false
		w.vols[i] = logcache.NewVolume(id, "", uint64(w.Volumes[i]), w.block(i))
		return true
	}
	return []step{shut, renamed}
}

// twinSteps take a volume off the cache that still has its data, and try to attach
// its disk under another id, which must not be: the one disk would be two. Then it
// is attached again.
func (w *world) twinSteps(i int) []step {
	w.tracef("twin of dev %d", i+1)
	refused := w.waitFor(i, func(done func(error)) { w.refuseTwin(i, done) }, func() {})
	steps := []step{w.freeze(i), w.awaitIdle(i), w.flushBypassed(i), w.released(i), w.flushed(i), refused}
	return append(steps, w.attached(i), w.unfreeze(i))
}

// refuseTwin wants an attach under another id to be refused, if the log has data.
func (w *world) refuseTwin(i int, done func(error)) {
	if w.cache.DirtyBlocks(w.id(i)) == 0 {
		done(nil)
		return
	}
	b := w.binding(i)
	b.ID = w.freeID()
	v := logcache.NewVolume(b.ID, "", b.Sectors, w.block(i))
	v.Freeze()
	e, err := w.cache.Examine(v, &b, visible{w.s.backing[i]}, visible{w.s.cache})
	if err != nil {
		fail("P8", "%v", err)
	}
	w.cache.Attach(v, b, e, func(err error) {
		if err == nil {
			fail("P8", "disk %d is bound as device %d too, and the log holds data of it as device %d", i+1, b.ID, w.id(i))
		}
		done(nil)
	})
}

// beside asks for the contrary of what is under way for a disk, which must not be
// granted: an attach while its data is given up, or a give-up while it is attached.
func (w *world) beside(i int, what string, start func(done func(error))) {
	if !w.Rebinds || w.Sleeps || w.names.IntN(2) == 0 {
		return
	}
	w.tracef("beside it, %s dev %d", what, i+1)
	start(func(err error) {
		if err == nil {
			fail("P8", "device %d: %s succeeded beside what excludes it", i+1, what)
		}
	})
}

// giveUpBeside tries to give up what is being attached.
func (w *world) giveUpBeside(i int) {
	w.beside(i, "give up", func(done func(error)) { w.cache.GiveUp(w.id(i), done) })
}

// attachBeside tries to attach what is being given up.
func (w *world) attachBeside(i int) {
	w.beside(i, "attach", func(done func(error)) {
		b := w.binding(i)
		v := logcache.NewVolume(b.ID, "", b.Sectors, w.block(i))
		v.Freeze()
		w.cache.Attach(v, b, w.examine(v, &b), done)
	})
}

// checkIDs wants the log to hold nothing under ids that no disk has, and no disk
// to be attached under two.
func (w *world) checkIDs(c *logcache.Cache) {
	for _, b := range c.Bound() {
		switch i := w.ids.disk(b.ID); {
		case i >= 0 && b.Fingerprint == uint64(i+1):
		case b.State == segment.Attached:
			fail("P8", "disk %d is bound as device %d, which is not its id", b.Fingerprint, b.ID)
		}
		if w.ids.disk(b.ID) < 0 && c.DirtyBlocks(b.ID) > 0 {
			fail("P8", "the log holds data of device id %d, which no disk has", b.ID)
		}
	}
}

// number is that of the disk of an operation: 0 is the cache device.
func (s *devs) number(dev block.Dev) int {
	if dev == block.Cache {
		return 0
	}
	i := s.ids.disk(uint8(dev))
	if i < 0 {
		fail("P8", "an operation is for device id %d, which no disk has", dev)
	}
	return i + 1
}
