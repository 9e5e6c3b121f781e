package sim

import (
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

var tampersFlag = flag.Int("sim.tampers", 150, "number of seeds of the campaign with disks that are tampered with")

// someWitnessed is a scope that leaves room beside it on small disks.
var someWitnessed = witness.Scope{Head: 2, Tail: 2, Marks: 3, Samples: 2}

// witnessing is a test on disks that are witnessed.
func witnessing(t *testing.T, f func(s *scenario)) {
	t.Helper()
	if v := guard(func() { f(scenarioOf(t, scriptOptions(512), someWitnessed)) }); v != nil {
		t.Fatalf("%v\n%s", v, v.Stack)
	}
}

// fill writes to all kinds of places of device 1, of 192 sectors: its head, its
// tail, what looks like a superblock if the number of the write is right, and
// others.
func (s *scenario) fill() {
	for _, lba := range []uint64{0, 186, 4, 20, 36, 52, 100, 1} {
		s.write(0, lba, 6)
		s.settle()
	}
}

// TestP8WitnessAtEveryMoment: while batches go, with whole superblocks in
// between, the disks are as one of the copies and the log say: at every moment, at
// each kind of place, with discards, and with newer data in the log.
func TestP8WitnessAtEveryMoment(t *testing.T) {
	witnessing(t, func(s *scenario) {
		s.fill()
		s.do(s.migrateSteps())
		s.fill()
		s.discard(0, 5, 25)
		s.settle()
		s.close()
		s.write(0, 0, 3)
		s.write(0, 188, 4)
		s.settle()
		s.batch(1)
		s.mig.Step(2)
		s.pump()
		s.cache.CommitSuper(func(error) {})
		s.pump()
		s.settleCutting()
		s.do(s.migrateSteps())
		if b := s.bindingNow(0); len(b.Marks) == 0 || len(b.Samples) == 0 {
			t.Errorf("the witness has %d marks and %d samples", len(b.Marks), len(b.Samples))
		}
		s.crash()
	})
}

// TestP8FailedBatchChangesNoWitness: nor does what it had to say get into that of
// the batch after it, which is larger.
func TestP8FailedBatchChangesNoWitness(t *testing.T) {
	for _, kind := range []block.Kind{block.Write, block.Flush} {
		witnessing(t, func(s *scenario) {
			s.fill()
			s.close()
			s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{kind}, nth: 2, count: 100}}
			if kind == block.Flush {
				s.s.rules[0].nth = 1
			}
			s.mig.Step(3)
			s.pump()
			s.restUntilFailed()
			s.s.lift()
			s.cache.CommitSuper(func(error) {})
			s.pump()
			s.settleCutting()
			for _, lba := range []uint64{4, 20, 36, 52, 100} {
				s.write(0, lba+1, 2)
			}
			s.do(s.migrateSteps())
			s.crash()
		})
	}
}

// restUntilFailed lets all happen until the batch has failed, and cuts the
// power at every moment.
func (s *scenario) restUntilFailed() {
	for s.mig.Status().Failed == 0 {
		s.e.point()
		if !s.orderly(fifo) {
			fail("sim", "the batch did not fail")
		}
		s.watchBatches()
	}
}

// bindingNow is the witness of volume i.
func (s *scenario) bindingNow(i int) *segment.Witness {
	for _, b := range s.cache.Bound() {
		if b.ID == s.id(i) && b.Witness != nil {
			return b.Witness
		}
	}
	fail("P8", "device %d has no witness", i+1)
	return nil
}

// TestP7BypassOverWitness: what is witnessed is not written to past the log, by
// whatever part of a write: head, tail, marks and samples, also those that the
// batch under way is about to bring.
func TestP7BypassOverWitness(t *testing.T) {
	witnessing(t, func(s *scenario) {
		s.goesPast(false, 0, 1, 8)
		s.goesPast(false, 0, 180, 12)
		s.settle()
		s.fill()
		s.do(s.migrateSteps())
		w := s.bindingNow(0)
		for _, m := range append(w.Marks[:len(w.Marks):len(w.Marks)], w.Samples...) {
			s.goesPast(false, 0, m.LBA, 1)
			s.settle()
		}
		s.goesPast(true, 0, 120, 20)
		s.settleCutting()
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.crash()
		s.read(0, 0, 128)
		s.settle()
	})
}

// TestP8Tampered: disks that were written to, swapped, set back or replaced, and
// old copies of the cache, are refused exactly if something that is witnessed
// shows it; and if nothing was done to them, never.
func TestP8Tampered(t *testing.T) {
	k, stats := newKit(), NewStats()
	var n [tamperings]verdicts
	for seed := range uint64(*tampersFlag) {
		o := RandomOptions(*seedFlag + seed)
		o.Faults, o.Generations, o.Points = false, 2, 0
		o.Volumes = append(o.Volumes, o.Volumes[0])
		if o.Scope == (witness.Scope{}) {
			o.Scope = someWitnessed
		}
		if v := guard(func() { tampered(newWorld(o, stats, k), &n) }); v != nil {
			t.Errorf("seed %d: %v\nrepeat it: go test ./tests/sim -run TestP8Tampered -sim.tampers=1 -sim.seed=%d\n%s", o.Seed, v, o.Seed, v.Stack)
			k.renewPort()
		}
	}
	for i, v := range n {
		t.Logf("%v: %d disks with dirty data judged, %d refused", tampering(i), v.judged, v.refused)
		if refusals := tampering(i) != untouched; *tampersFlag >= 150 && (v.judged == 0 || refusals != (v.refused > 0)) {
			t.Errorf("%v: %d of %d refused", tampering(i), v.refused, v.judged)
		}
	}
}

// tampered is one run, and what may be done to its disks at its end.
func tampered(w *world, n *[tamperings]verdicts) {
	w.makeRequests()
	w.start(true)
	w.generation()
	w.restart()
	before := newImages(w.s)
	w.s.cut(w.rng, before)
	w.generation()
	r := rand.New(rand.NewPCG(w.Seed, 29))
	last, m := newImages(w.s), newImages(w.s)
	w.s.cut(w.rng, last)
	for kind := range tamperings {
		for i := range last.disk {
			m.disk[i] = append(m.disk[i][:0], last.disk[i]...)
		}
		if dev, from, to, done := kind.tamper(r, w.s.st, m, before); done {
			w.sides.judged(m, dev, from, to, &n[kind])
		}
	}
	w.free()
}

// TestP8SkippedDamageEndsTheWitness: a batch has written to a witnessed sector and
// failed, and the log's copy of that went bad and was given up. Nobody knows then
// what the sector holds, and so it is not held against the disk.
func TestP8SkippedDamageEndsTheWitness(t *testing.T) {
	witnessing(t, func(s *scenario) {
		s.fua(0, 0, 2)
		s.fua(0, 20, 2)
		s.close()
		s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}}
		s.mig.Step(1)
		s.pump()
		for d := s.s.backing[0]; s.mig.Status().Failed == 0; d.flush(d.clock) {
			s.orderly(fifo)
			s.watchBatches()
		}
		s.s.lift()
		for i, id := range s.s.cache.visible {
			if l, ok := s.s.st.labelOf(id); ok && l.op == 1 && l.lba == 1 {
				s.spoilSector(i)
			}
		}
		s.mig.Skip(s.findBad())
		s.migrateAll()
		if n := s.cache.DirtyBlocks(1); n != 0 {
			t.Fatalf("%d dirty blocks are left", n)
		}
		s.fua(0, 40, 2)
		s.settle()
		s.crash()
	})
}
