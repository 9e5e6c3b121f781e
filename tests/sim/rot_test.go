package sim

import (
	"fmt"
	"testing"
)

// eitherCopy does something and cuts the power when all of it is durable. Then
// one copy of the superblock goes bad, or the other. What comes up must go on as
// if nothing was.
func eitherCopy(t *testing.T, f func(s *scenario)) {
	t.Helper()
	for which := range 2 {
		t.Run(fmt.Sprintf("copy %c", 'A'+which), func(t *testing.T) {
			promise(t, func(s *scenario) {
				f(s)
				s.settle()
				s.e.clean()
				if !s.sides.spoil(s.image, which) {
					t.Error("there are no two good copies")
				}
				s.powerOn()
				s.fua(0, 2, 3)
				s.do(s.migrateSteps())
				s.read(0, 0, 24)
				s.settleCutting()
			})
		})
	}
}

// administered does what an administrator does, undisturbed.
func (s *scenario) administered(steps []step) {
	s.admin = append(s.admin, steps...)
	s.settle()
}

// TestP7SuperblockRotsAfterBypass: what went past the log lies over data that is
// migrated. A copy which does not know that would have it migrated again.
func TestP7SuperblockRotsAfterBypass(t *testing.T) {
	eitherCopy(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.administered(s.migrateSteps())
		s.goesPast(true, 0, 0, 8)
		s.settle()
		s.flush(0)
	})
}

// TestP7SuperblockRotsAfterDetach: a disk was used by itself, and its old data
// is in the log still. It may be attached again before the copy goes bad.
func TestP7SuperblockRotsAfterDetach(t *testing.T) {
	for _, again := range []bool{false, true} {
		eitherCopy(t, func(s *scenario) {
			s.fua(0, 0, 8)
			s.settle()
			s.administered(s.detach(0))
			s.write(0, 0, 8)
			s.flush(0)
			s.settle()
			if again {
				s.administered(s.attachSteps(0))
			}
		})
	}
}

// TestP8SuperblockRotsAfterAttach: the log has data of a disk that a copy which
// is older than the attach does not know.
func TestP8SuperblockRotsAfterAttach(t *testing.T) {
	eitherCopy(t, func(s *scenario) {
		s.administered(s.detach(0))
		s.administered(s.attachSteps(0))
		s.fua(0, 0, 8)
	})
}

// TestP5SuperblockRotsAfterReuse: a slot was written again, so that a copy which
// takes it for the log's beginning finds damage there.
func TestP5SuperblockRotsAfterReuse(t *testing.T) {
	eitherCopy(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.settle()
		s.administered(s.migrateSteps())
		for range s.Slots {
			s.fua(0, 0, 8)
			s.close()
		}
	})
}

// TestP7BypassBetweenTheCopies: while only one copy knows that a range is
// migrated, nothing goes past the log there.
func TestP7BypassBetweenTheCopies(t *testing.T) {
	const ios = 4 // a write and a flush of each copy
	for done := range ios + 1 {
		promise(t, func(s *scenario) {
			s.fua(0, 0, 8)
			s.close()
			s.mig.Step(1)
			s.pump()
			for s.cache.DirtyBlocks(1) > 0 {
				s.complete(0)
			}
			for range done {
				s.complete(0)
			}
			s.goesPast(done == ios, 0, 0, 8)
			s.on(1)
			s.flush(0)
			s.on(1)
			s.settleCutting()
		})
	}
}
