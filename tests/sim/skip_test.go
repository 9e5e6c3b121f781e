package sim

import (
	"errors"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// spoilSector flips a bit of a sector of the cache device, in what is there.
func (s *scenario) spoilSector(at int) {
	d := s.s.cache
	bad := append([]byte(nil), s.s.st.get(d.visible[at])...)
	bad[7] ^= 1
	d.visible[at] = s.s.st.put(bad)
	d.durable[at] = d.visible[at]
}

// findBad looks at all that can be migrated, as a command does.
func (s *scenario) findBad() (all []segment.BadRecord) {
	geo := s.cache.Geometry()
	for _, span := range s.cache.Candidates(nil, 0, s.Slots, false) {
		b := make([]byte, int(span.End)*sectorSize)
		unread, err := segment.ReadAround(syncDevice{s.s}, b, geo.SlotOffset(geo.Slot(span.ID)), sectorSize)
		if err != nil {
			s.t.Fatal(err)
		}
		bad, err := segment.FindBad(b, geo, s.cache.Life(), span, unread)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, bad...)
	}
	return all
}

// migrateAll migrates what there is, as far as it goes.
func (s *scenario) migrateAll() {
	last := s.cache.CloseCurrent()
	s.pump()
	s.runToIdle()
	for range 3 {
		if id, _ := s.cache.LastMigrated(); id < last {
			s.mig.Step(s.Slots)
			s.pump()
			s.runToIdle()
		}
	}
}

// wantWrites wants each sector of the backing of device 1 to be of some write.
func (s *scenario) wantWrites(want func(lba int) uint32) {
	s.t.Helper()
	for lba, id := range s.s.backing[0].visible {
		if l, ok := s.s.st.labelOf(id); !ok || l.op != want(lba) {
			s.t.Errorf("sector %d holds write %d (%v), want %d", lba, l.op, ok, want(lba))
		}
	}
}

// TestP6SkippedDamage: damage in the log, as bits that are wrong or as sectors
// that cannot be read, holds migration up until it is told what may be left out.
// Then all else arrives, of the block that is lost what came before, and the log
// forgets it. What goes bad later is damage again.
func TestP6SkippedDamage(t *testing.T) {
	for _, unreadable := range []bool{false, true} {
		promise(t, func(s *scenario) {
			s.fua(0, 0, 24) // write 1
			s.close()
			s.fua(0, 8, 12) // write 2
			s.settle()
			s.fua(0, 0, 4) // write 3
			s.settle()
			s.cache.CloseCurrent()
			s.settle()
			geo := s.cache.Geometry()
			at := segment.Placed{} // of write 2's first block
			for i, id := range s.s.cache.visible {
				if l, ok := s.s.st.labelOf(id); ok && l.op == 2 && l.lba == 8 && at.At == 0 {
					at = segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Data, LBA: 8, Sectors: 8}, At: int64(i - 2*superSectors + segment.LogOffset/sectorSize)}
				}
			}
			spoil := func(sector int64) {
				if unreadable {
					s.s.rules = append(s.s.rules, &rule{what: eio, dev: 0, kinds: []block.Kind{block.Read}, from: sector * sectorSize, to: (sector + 1) * sectorSize})
					return
				}
				s.spoilSector(s.s.cache.fold(int(sector)))
			}
			spoil(at.At + 3)
			s.migrateAll()
			if st := s.mig.Status(); st.Damaged != geo.SlotOfSector(at.At)+1 || st.Failed == 0 {
				t.Errorf("damage holds nothing up: %+v", st)
			}
			bad := s.findBad()
			if len(bad) != 1 || !slices.Equal(bad[0].Lost, []segment.Placed{at}) || !slices.Equal(s.cache.Newest(bad[0].Lost), bad[0].Lost) {
				t.Fatalf("%+v, want what is lost to be %+v", bad, at)
			}
			s.mig.Skip(bad)
			spoil(at.At + 8) // the rest of write 2, of which nobody was told
			s.migrateAll()
			if st := s.mig.Status(); st.Damaged == 0 || s.cache.DirtyBlocks(1) == 0 {
				t.Errorf("new damage was skipped: %+v", st)
			}
			s.mig.Skip(s.findBad())
			s.migrateAll()
			if n := s.cache.DirtyBlocks(1); n != 0 {
				t.Errorf("%d dirty blocks are left", n)
			}
			s.wantWrites(func(lba int) uint32 {
				switch {
				case lba < 4:
					return 3
				case lba < 24:
					return 1
				}
				return 0
			})
			if s.cache.Status().Broken != "" || errors.Is(s.mig.LastError(), segment.ErrDamaged) {
				t.Error(s.mig.LastError())
			}
		})
	}
}
