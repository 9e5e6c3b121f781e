package sim

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has the shortest workload that each promise is about, with a power
// cut at every moment. The campaigns cover them at large.

// TestP1Durability: a FLUSH on one queue covers what was answered on another,
// and a FUA write itself.
func TestP1Durability(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 3)
		s.write(1, 5, 3)
		s.flush(0)
		s.settleCutting()
		s.write(1, 6, 3)
		s.fua(0, 9, 1)
		s.settleCutting()
	})
}

// TestP1PredictedBarrier: when the last barriers came after one write each, the
// record of the next one is written ahead. Of a write that takes several records
// only the last one would be, so there it must not.
func TestP1PredictedBarrier(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(10) {
			s.write(0, 2*i, 2)
			s.settle()
			s.flush(0)
			s.settle()
		}
		before := s.cache.Status()
		s.write(0, 0, 2)
		s.settle()
		if st := s.cache.Status(); st.DurableSeq == before.DurableSeq || st.DurableSeq != st.SealedSeq {
			t.Errorf("the barrier was not predicted: record %d is durable, %d was before, %d is sealed",
				st.DurableSeq, before.DurableSeq, st.SealedSeq)
		}
		s.flush(0)
		s.settleCutting()
		s.write(0, 0, 24)
		s.settle()
		s.flush(0)
		s.settleCutting()
	})
}

// TestP1ChecksumsAhead: a checksum that was computed while the record was open is
// that of what the record holds in the end, also when data was replaced since, and
// when a write has begun a chunk that the next one completes.
func TestP1ChecksumsAhead(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.runIdle()
		s.write(0, 2, 2)
		s.flush(0)
		s.settleCutting()
		s.write(0, 40, 8)
		s.flush(0)
		s.settleCutting()
		s.write(0, 16, 3)
		s.runIdle()
		s.write(0, 32, 5)
		s.runIdle()
		s.flush(0)
		s.settleCutting()
		s.crash()
		for _, lba := range []uint64{0, 16, 32} {
			s.read(0, lba, 2)
		}
		s.settle()
	})
}

// TestP2NoInvention: an overwritten sector is its old self or its new one.
func TestP2NoInvention(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 6)
		s.settle()
		s.write(0, 1, 3)
		s.write(0, 2, 4)
		s.cache.FlushCurrent()
		s.pump()
		s.settleCutting()
	})
}

// TestP3Prefix: records of two devices under way at once come back in order.
func TestP3Prefix(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(3) {
			s.write(0, 3*i, 2)
			s.write(1, 3*i, 2)
			s.cache.CloseCurrent()
			s.pump()
		}
		s.settleCutting()
	})
}

// TestP4AfterAnUnfinishedBatch: a batch of two segments is cut short; the batch
// after the restart may have one. At its end the backing is a past state.
func TestP4AfterAnUnfinishedBatch(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(2) {
			s.fua(0, 20*i, 2)
			s.fua(0, 100+20*i, 2)
			s.settle()
			s.cache.CloseCurrent()
			s.settle()
		}
		s.mig.Step(2)
		s.pump()
		for s.s.flights[0].op.Dev == block.Cache {
			s.complete(0)
		}
		s.complete(3) // the newest half of the newer segment
		s.s.backing[0].flush(s.s.backing[0].clock)
		s.crash()
		s.batch(1)
	})
}

// TestP5SlotReuse: a backing whose flush fails, and loses what it had, keeps the
// slots in use until a later batch has written all of it again.
func TestP5SlotReuse(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.cache.CloseCurrent()
		r := &rule{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}
		s.s.rules = []*rule{r}
		s.batch(1)
		if r.seen != 1 {
			t.Errorf("%d flushes, want one: no further one can save what the first has lost", r.seen)
		}
		if id, _ := s.cache.LastMigrated(); id != 0 {
			t.Errorf("segments up to %d count as migrated after a failed flush", id)
		}
		s.do(s.migrateSteps())
		s.do(s.wrapSteps())
	})
}

// TestP6FlippedBits flips a bit in each sector of a durable log. Recovery is
// not affected, or reports damage in that very slot, or drops the last records,
// of which no later one says that they were durable; and migration never puts
// garbage on a backing.
func TestP6FlippedBits(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(4) {
			s.fua(0, 5*i, 6)
			s.fua(1, 5*i, 2)
			s.settle()
		}
		whole := newImages(s.s)
		s.s.each(func(k int, d *disk) { copy(whole.disk[k], d.durable) })
		geo := s.cache.Geometry()
		reported, dropped, kept := 0, 0, 0
		for at := 2 * superSectors; at < len(whole.disk[0]); at++ {
			if whole.disk[0][at] == 0 {
				continue
			}
			bad := append([]byte(nil), s.s.st.get(whole.disk[0][at])...)
			bad[at%sectorSize] ^= 4
			for k := range whole.disk {
				copy(s.image.disk[k], whole.disk[k])
			}
			s.image.disk[0][at] = s.s.st.put(bad)
			rec, err := s.recoverLog(s.image)
			var damage *segment.DamageError
			slot := uint64(at-2*superSectors) / uint64(geo.SegmentSectors())
			switch {
			case errors.As(err, &damage):
				reported++
				if damage.Slot != slot {
					t.Errorf("sector %d: damage is reported in slot %d, it is in %d", at, damage.Slot, slot)
				}
			case err != nil:
				t.Errorf("sector %d: %v", at, err)
			case rec.LastSeq < s.cache.Status().DurableSeq:
				dropped++
				if rec.LastSeq < rec.Durable {
					t.Errorf("sector %d: records up to %d were durable, %d is the last", at, rec.Durable, rec.LastSeq)
				}
			default:
				kept++
			}
			if err == nil {
				s.migrateDamaged()
			}
		}
		t.Logf("%d reported, %d of the last record, %d payload below durable", reported, dropped, kept)
	})
}

// migrateDamaged migrates all of the image, on the side, as far as it goes.
func (s *scenario) migrateDamaged() {
	h := &s.sides.host
	h.s.revive(s.image)
	if !h.boot(s.world, &s.sides.out) {
		fail("sim", "the power failed where it cannot")
	}
	for range 3 {
		h.cache.CloseCurrent()
		h.mig.Step(1)
		h.pump()
		h.runToIdle()
	}
	for i, d := range h.s.backing {
		for lba, id := range d.visible {
			if _, ok := d.st.labelOf(id); !ok {
				fail("P6", "a flipped bit of the log is on sector %d of device %d", lba, i+1)
			}
		}
	}
	h.free()
}

// TestP8DetachKeepsDirtyData: a volume whose data is in the log cannot leave it.
func TestP8DetachKeepsDirtyData(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.vols[0].Freeze()
		var got error
		s.cache.Detach(s.vols[0], func(err error) { got = err })
		s.runToIdle()
		if !errors.Is(got, logcache.ErrDirty) {
			t.Errorf("detach of a volume with dirty data: %v", got)
		}
	})
}
