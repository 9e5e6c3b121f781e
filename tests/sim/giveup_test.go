package sim

import "testing"

// TestP8GivenUp: what is given up never comes back: not when the power is cut,
// not when its id is bound anew, not when the rest of the log is migrated. What
// others have in the same records is kept.
func TestP8GivenUp(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.fua(1, 8, 3)
		s.settle()
		s.do(s.giveUpSteps(0))
		s.crash()
		s.administered(s.attachSteps(0))
		s.read(0, 0, 24)
		s.fua(1, 12, 2)
		s.crash()
		s.do(s.migrateSteps())
		s.read(0, 0, 24)
		s.settleCutting()
	})
}

// TestP8GivenUpRecordGoesOn: the record that was open when data was given up has
// nothing of what is written under that id later.
func TestP8GivenUpRecordGoesOn(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.settle()
		s.administered(s.giveUpSteps(0))
		s.administered(s.attachSteps(0))
		s.fua(0, 2, 8)
		s.settle()
		s.crash()
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP8GivenUpAboveTheEnd: data is given up that a power cut then drops. Its
// sequences are given out again, to data that counts.
func TestP8GivenUpAboveTheEnd(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(1, 0, 2)
		s.settle()
		s.s.rules = []*rule{{what: lost, dev: 0, from: s.cache.Geometry().SlotOffset(0), to: int64(s.s.cache.bytes())}}
		s.write(0, 0, 2)
		s.settle()
		s.administered(s.giveUpSteps(0))
		s.s.rules = nil
		s.crash()
		s.administered(s.attachSteps(0))
		s.fua(0, 2, 8)
		s.settle()
		s.crash()
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP8GivenUpNeedsNoBacking: the log goes on without a disk that is gone.
func TestP8GivenUpNeedsNoBacking(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.fua(1, 8, 3)
		s.settle()
		s.administered(s.giveUpSteps(0))
		s.do(s.migrateSteps())
		if n := s.cache.Status().DirtyBlocks; n != 0 {
			t.Errorf("%d dirty blocks are left", n)
		}
	})
}
