package sim

import (
	"errors"
	"flag"
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

var liesFlag = flag.Int("sim.lies", 500, "number of seeds of the campaign with cache devices that lie")

// recoverLog recovers the log that an image has.
func (s *scenario) recoverLog(m *images) (*segment.Recovery, error) {
	super, err := segment.NewestSuper(s.sides.superblocks(m))
	if err != nil {
		s.t.Fatal(err)
	}
	return segment.Recover(imageReader{s.s.cache, m.disk[0]}, super, func(*segment.Record) {})
}

// wantDamage wants the durable content to be found damaged at a record.
func (s *scenario) wantDamage(seq uint64) {
	s.t.Helper()
	s.e.clean()
	_, err := s.recoverLog(s.image)
	var damage *segment.DamageError
	if !errors.As(err, &damage) || damage.Seq != seq {
		s.t.Errorf("got %v, want damage at record %d", err, seq)
	}
}

// missing has the cache device do a rule's fault to the second of some records
// with FUA, and wants that one to be found missing.
func missing(t *testing.T, r rule, records uint64) {
	t.Helper()
	promise(t, func(s *scenario) {
		r.dev, r.nth, r.count = 0, 2, 1
		s.s.rules = []*rule{&r}
		for i := range records {
			s.fua(0, 2*i, 2)
			s.settle()
		}
		s.wantDamage(2)
	})
}

// TestP6LostWrite: a device that says a record is durable and has not got it is
// found out at the next recovery.
func TestP6LostWrite(t *testing.T) {
	missing(t, rule{what: lost, kinds: []block.Kind{block.Write}}, 4)
}

// TestP6MisdirectedWrite: so is one that wrote a record to another place, where
// it is no record, and the same record is not taken for one there.
func TestP6MisdirectedWrite(t *testing.T) {
	missing(t, rule{what: misdirected, kinds: []block.Kind{block.Write}}, 4)
}

// TestP6LyingFlush: a device drops what it said was durable, while later records
// which know that are there. And if it drops all behind some place, what is left
// is a state of the past.
func TestP6LyingFlush(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 2)
		s.settle()
		s.s.rules = []*rule{{what: lying, dev: 0}}
		for i := range uint64(2) {
			s.fua(0, 2*i, 2)
			s.settle()
		}
		s.o.floor = 0 // nobody can promise more on such a device
		for n := range len(s.writesUnderWay()) {
			out := s.cutTo(func(write, _ int) bool { return write < n })
			if out.last != uint64(1+n) {
				t.Errorf("%d records have landed, and record %d was the last that came back", 1+n, out.last)
			}
		}
		s.s.rules = nil
		s.flush(0)
		s.settle()
	})
	missing(t, rule{what: lying}, 3)
}

// TestP6AbandonedRecordIsNotMigrated: a record that a recovery has dropped lies
// where a later one was written, which looks just like it, and was lost.
// Migration tells them apart.
func TestP6AbandonedRecordIsNotMigrated(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.fua(0, 8, 8)
		s.e.clean()
		second := s.writesUnderWay()[1]
		copy(s.image.disk[0][second.at:], second.ids)
		s.powerOn()
		s.s.rules = []*rule{{what: lost, dev: 0, kinds: []block.Kind{block.Write}, nth: 2, count: 1}}
		s.fua(0, 40, 8)
		s.settle()
		s.fua(0, 48, 8)
		s.settle()
		s.cache.CloseCurrent()
		s.pump()
		s.settle()
		s.mig.Step(4)
		s.pump()
		s.runToIdle()
		var damage *segment.DamageError
		if err := s.mig.LastError(); !errors.As(err, &damage) || damage.Seq != 2 {
			t.Errorf("migration ended with %v, want damage at record 2", err)
		}
		if n := s.mig.Status().Writes; n > 0 {
			t.Errorf("%d writes went to the backings", n)
		}
	})
}

// lieStats counts how runs on lying devices ended.
type lieStats struct{ reported, refused, past, batches, older, again int }

// TestP6Lies runs workloads on cache devices that lose, misdirect and do not
// keep writes, and say that all went well. Whatever they did, recovery reports
// damage or brings back a state of the past, and no backing ever gets anything
// but its own old data. A log that is older than its backing may be found out (P8).
func TestP6Lies(t *testing.T) {
	k, stats, n := newKit(), NewStats(), &lieStats{}
	for seed := range uint64(*liesFlag) {
		o := RandomOptions(*seedFlag + seed)
		o.Faults, o.Generations, o.Points, o.Blind = false, 1, 0, true
		o.Admin, o.GiveUps, o.Rebinds = 0, false, false // a binding's end may be lost, too
		for _, o.Discards = range []bool{false, true} {
			if v := guard(func() { lies(newWorld(o, stats, k), n) }); v != nil {
				t.Errorf("seed %d, discards %v: %v\nrepeat it: go test ./tests/sim -run TestP6Lies -sim.lies=1 -sim.seed=%d\n%s", o.Seed, o.Discards, v, o.Seed, v.Stack)
				k.renewPort()
			}
		}
	}
	t.Logf("%d seeds, %d batches: %d times recovery reported damage, %d times migration refused a payload, %d times a disk was seen to be newer than the log, %d states of the past, %d of them gone on from", *liesFlag, n.batches, n.reported, n.refused, n.older, n.past, n.again)
	if *liesFlag >= 500 && (n.reported == 0 || n.refused == 0 || n.older == 0 || n.past == 0 || n.again == 0) {
		t.Error("one of the five never came")
	}
}

// maxLies is in how many generations in a row a device may lie. What a resume
// itself writes, it keeps.
const maxLies = 4

// lies is one run, with the recovery after each of its generations. It goes on
// while what comes back is a state of the past.
func lies(w *world, n *lieStats) {
	w.makeRequests()
	w.start(true)
	for g := 1; ; g++ {
		for range 1 + w.rng.IntN(3) {
			w.s.rules = append(w.s.rules, randomLie(w.rng))
		}
		w.generation()
		n.batches += int(w.batches)
		w.s.cut(w.rng, w.image)
		past := n.past
		w.sides.doubt(w.image, n)
		if n.past == past || g == maxLies {
			w.free()
			return
		}
		w.o.floor = 0 // nobody can promise more on such a device
		w.s.revive(w.image)
		w.free()
		w.newPorts()
		if !w.boot(w, &w.sides.out) {
			fail("sim", "the power failed where it cannot")
		}
		w.checkRecovery(false)
		n.again++
	}
}

func randomLie(r *rand.Rand) *rule {
	return &rule{
		what:  []fault{lost, misdirected, lying, lying}[r.IntN(4)],
		dev:   0,
		kinds: [][]block.Kind{{block.Write}, {block.Write, block.Flush}}[r.IntN(2)],
		nth:   1 + r.IntN(40),
		count: r.IntN(7),
	}
}

// doubt recovers images of a device that has lied, and migrates all it can.
func (c *checker) doubt(m *images, n *lieStats) {
	h := &c.host
	h.s.revive(m)
	cache, _, err := h.resume(c.w)
	var damage *segment.DamageError
	var super *segment.FieldError // in both copies: the device has torn one and lost the other
	if errors.As(err, &damage) || errors.As(err, &super) {
		n.reported++
		return
	}
	if err != nil {
		fail("P6", "resume: %v", err)
	}
	h.cache, h.mig = cache, migrate.New(cache)
	for i := range c.w.Volumes {
		if !bound(cache, c.w.id(i)) {
			continue
		}
		v, b := logcache.NewVolume(c.w.id(i), "", uint64(c.w.Volumes[i]), c.w.block(i)), c.w.binding(i)
		if h.refuses(v, &b) {
			n.older++
			h.free()
			return
		}
		h.attach(v, b)
	}
	for range 2 * c.w.Slots {
		h.cache.CloseCurrent()
		h.mig.Step(4)
		h.pump()
		h.runToIdle()
	}
	b := c.w.o.anywhere()
	dirty := uint64(0)
	for i, v := range c.w.o.vols {
		dirty += cache.DirtyBlocks(c.w.id(i))
		c.w.o.onBacking(h.s.st, v, h.s.backing[i].visible, func(lba uint64, cell *cell, ver int) {
			if v.logged { // else it has no place in the order
				b.add(v.id, lba, cell, ver)
			}
		})
	}
	switch {
	case dirty > 0:
		n.refused++
	case c.w.batches == 0 && c.w.mig.Idle(): // else the backings may be newer than the log that is left
		n.past++
		b.check("P3", "P1", 0, "what was recovered and migrated")
	}
	h.free()
}
