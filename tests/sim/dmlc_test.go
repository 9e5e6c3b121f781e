package sim

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has a test for each of the weaknesses that dm-lc and dm-writeboost
// had in recovery and reuse.

// TestDmlcTornRewriteOfTheOldestSlot: the slot that is being written again when
// the power fails is the first in the ring. Whatever landed of it, the rest of
// the log must be found.
func TestDmlcTornRewriteOfTheOldestSlot(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(4) {
			s.fua(0, 20*i, 12)
			s.settle()
			s.cache.CloseCurrent()
		}
		s.do(s.migrateSteps()[:1])
		s.batch(1)        // frees the first slot only
		s.fua(0, 100, 12) // the fifth slot
		s.settle()
		s.cache.CloseCurrent()
		s.fua(0, 120, 12) // the first slot again
		s.pump()
		if id := s.cache.Status().CurrentID; id != 6 {
			t.Fatalf("the current segment is %d, the test wants 6", id)
		}
		header := func(_, sector int) bool { return sector == 0 }
		body := func(_, sector int) bool { return sector != 0 }
		for _, land := range []func(int, int) bool{header, body} {
			if out := s.cutTo(land); out.last != 5 {
				t.Errorf("recovered up to record %d, want 5", out.last)
			}
		}
		s.settleCutting()
	})
}

// TestDmlcLostSegmentInTheMiddle: the device lost one record and kept the next.
// Nothing from there on may be applied, least of all older data of that slot.
func TestDmlcLostSegmentInTheMiddle(t *testing.T) {
	promise(t, func(s *scenario) {
		s.do(s.wrapSteps()) // old laps lie in all slots
		s.fua(0, 0, 12)
		s.settle()
		base := s.cutTo(func(int, int) bool { return false }).last
		for i := range uint64(3) {
			s.write(0, 4*i, 12)
			s.cache.CloseCurrent()
			s.pump()
		}
		if out := s.cutTo(func(write, _ int) bool { return write != 0 }); out.last != base {
			t.Errorf("recovered up to record %d, want %d", out.last, base)
		}
		if out := s.cutTo(func(write, _ int) bool { return write != 1 }); out.last != base+1 {
			t.Errorf("recovered up to record %d, want %d", out.last, base+1)
		}
		s.settleCutting()
	})
}

// TestDmlcMigratedIsNotDirtyAgain: A was migrated, then B over a part of it, both
// recorded as migrated. A restart must not bring A back over B.
func TestDmlcMigratedIsNotDirtyAgain(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.do(s.migrateSteps())
		s.fua(0, 2, 3)
		s.do(s.migrateSteps())
		s.crash()
		if n := s.cache.DirtyBlocks(1); n != 0 {
			t.Errorf("%d blocks are dirty after all was migrated", n)
		}
		s.read(0, 0, 8)
		s.do(s.migrateSteps())
	})
}

// TestDmlcPartialOverOlder: A was migrated but the superblock does not say so
// yet, then B was logged over a part of it. After a crash both are replayed:
// neither reads nor migration may end with A over B.
func TestDmlcPartialOverOlder(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.cache.CloseCurrent()
		s.settle()
		s.s.rules = []*rule{{what: stalled, dev: 0, kinds: []block.Kind{block.Write}, to: 1 << 20}}
		s.mig.Step(1)
		s.pump()
		for len(s.s.flights) > 0 && s.s.flights[0].fault != stalled {
			s.complete(0)
		}
		s.fua(0, 2, 3)
		for n := 0; n < len(s.s.flights); {
			if s.s.flights[n].fault == stalled {
				n++
				continue
			}
			s.complete(n)
		}
		s.crash()
		s.read(0, 0, 8)
		s.settle()
		for range 2 {
			s.do(s.migrateSteps())
			s.read(0, 0, 8)
			s.settle()
		}
	})
}

// TestDmlcBoundToItsDisk: a log is not replayed onto another disk.
func TestDmlcBoundToItsDisk(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.cache.Release(s.vols[0])
		for _, change := range []func(*segment.Binding){
			func(b *segment.Binding) { b.Fingerprint++ },
			func(b *segment.Binding) { b.Sectors -= 8 },
			func(b *segment.Binding) { b.ID = 7 },
		} {
			b := s.binding(0)
			change(&b)
			v, err := logcache.NewVolume(b.ID, "", b.Sectors, sectorSize), error(nil)
			v.Freeze()
			e, _ := s.cache.Examine(v, &b, visible{s.s.backing[0]}, visible{s.s.cache})
			s.cache.Attach(v, b, e, func(got error) { err = got })
			s.runToIdle()
			if !errors.Is(err, logcache.ErrMismatch) {
				t.Errorf("binding %+v: %v, want a refusal", b, err)
			}
		}
	})
}

// TestDmlcHeaderWithoutItsData: the header landed, the data did not, in any
// way. Such a record must not replace valid older data.
func TestDmlcHeaderWithoutItsData(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 6)
		s.settle()
		s.fua(0, 0, 6)
		for missing := 1; missing <= 6; missing++ {
			if out := s.cutTo(func(_, sector int) bool { return sector != missing }); out.last != 1 {
				t.Errorf("without sector %d of record 2: recovered up to record %d", missing, out.last)
			}
		}
		s.settleCutting()
	})
}

// TestDmlcReuseNeedsABackingFlush: when a superblock says that a segment is
// migrated, the backings keep its data even if they lose all they may.
func TestDmlcReuseNeedsABackingFlush(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.fua(1, 0, 12)
		s.do(s.migrateSteps())
		s.fua(0, 2, 1)
		s.do(s.migrateSteps())
		s.do(s.wrapSteps())
	})
}

// TestDmlcReadUnderWayPinsItsSlot: a slot is not written again while a read of
// it is under way, however long that takes.
func TestDmlcReadUnderWayPinsItsSlot(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		for i := range uint64(4) { // push the segment out of the RAM buffers
			s.cache.CloseCurrent()
			s.fua(1, 10*i, 8)
			s.settle()
		}
		s.s.rules = []*rule{{what: stalled, dev: 0, kinds: []block.Kind{block.Read}, nth: 1, count: 1}}
		s.read(0, 0, 8)
		if len(s.s.flights) != 1 || s.s.flights[0].fault != stalled {
			t.Fatalf("the test wants a read of the log under way, not %d operations at segment %d", len(s.s.flights), s.cache.Status().CurrentID)
		}
		s.s.faulty = true // the ring will be full, and that is right
		s.admin = s.wrapSteps()
		s.runToIdle()
		for n := 0; n < 100 && s.stuck() && s.cache.Status().WaitingWrites == 0; n++ {
			s.runToIdle()
		}
		if s.cache.Status().WaitingWrites == 0 {
			t.Error("no write waits for the slot")
		}
		s.s.lift()
		s.settle()
	})
}
