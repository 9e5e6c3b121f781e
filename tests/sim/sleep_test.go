package sim

import (
	"errors"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
)

// sleep is what a machine does whose image goes on later.
func (s *scenario) sleep(meanwhile func()) {
	s.settle()
	meanwhile()
	s.cache.Suspect()
	s.pump()
}

// otherLife resumes the cache on the side, as the boot does that finds the image,
// and leaves on the cache device what that life left there.
func (s *scenario) otherLife() {
	s.e.clean()
	s.sides.s.revive(s.image)
	if !s.sides.boot(s.world, &s.sides.out) {
		fail("sim", "the power failed where it cannot")
	}
	s.sides.free()
	s.s.cache.restore(s.sides.s.cache.durable)
}

// TestP8SleepWithoutAnotherLife: a cache that was slept on goes on, with all that
// came meanwhile, in any order.
func TestP8SleepWithoutAnotherLife(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.sleep(func() {})
		s.write(0, 4, 8)
		s.fua(1, 0, 8)
		s.cache.CommitSuper(func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
		s.cache.Suspect()
		s.settleCutting()
		s.do(s.migrateSteps())
		s.crash()
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP8SleepWithARottenCopy: one that is good is enough.
func TestP8SleepWithARottenCopy(t *testing.T) {
	for which := range 2 {
		promise(t, func(s *scenario) {
			s.fua(0, 0, 8)
			s.sleep(func() {
				s.e.clean()
				s.sides.spoil(s.image, which)
				s.s.cache.restore(s.image.disk[0])
			})
			s.fua(0, 4, 8)
			s.settle()
			s.do(s.migrateSteps())
		})
	}
}

// TestP8OtherLife: a cache that was resumed by another boot while this one slept
// writes nothing any more, whatever it is asked for, and says why.
func TestP8OtherLife(t *testing.T) {
	promise(t, func(s *scenario) {
		s.s.faulty = true // requests fail
		s.fua(0, 0, 8)
		s.settle()
		s.cache.CloseCurrent()
		s.write(0, 4, 8)
		s.sleep(s.otherLife)
		backing := slices.Clone(s.s.backing[0].visible)
		committed := false
		s.cache.CommitSuper(func(err error) { committed = err == nil })
		s.fua(0, 16, 8)
		s.write(1, 0, 60) // fills segments
		s.flush(0)
		s.mig.Step(4)
		s.pump()
		s.settle()
		if committed {
			t.Error("the superblock was written")
		}
		if _, err := s.cache.LastMigrated(); !errors.Is(err, logcache.ErrOtherLife) || !errors.Is(err, logcache.ErrBroken) {
			t.Errorf("the cache says %v", err)
		}
		if !slices.Equal(s.s.cache.visible, s.sides.s.cache.durable) {
			t.Error("the log of the other life was written to")
		}
		if !slices.Equal(s.s.backing[0].visible, backing) {
			t.Error("old data was migrated")
		}
	})
}

// TestP8SetBack: the same holds for a cache device that was set back to what it
// was some updates ago.
func TestP8SetBack(t *testing.T) {
	promise(t, func(s *scenario) {
		s.s.faulty = true
		s.fua(0, 0, 8)
		s.settle()
		s.e.clean()
		for range 3 {
			s.cache.CommitSuper(func(error) {})
			s.settle()
		}
		s.sleep(func() { s.s.cache.restore(s.image.disk[0]) })
		s.fua(0, 0, 8)
		s.settle()
		if _, err := s.cache.LastMigrated(); !errors.Is(err, logcache.ErrOtherLife) {
			t.Errorf("the cache says %v", err)
		}
	})
}

// TestP8OtherLifeDuringAnUpdate: one copy of the superblock was on its way when
// the machine went to sleep, and lands over the other life's. The other one
// does not.
func TestP8OtherLifeDuringAnUpdate(t *testing.T) {
	promise(t, func(s *scenario) {
		s.s.faulty = true
		s.fua(0, 0, 8)
		s.settle()
		s.cache.CommitSuper(func(err error) {
			if !errors.Is(err, logcache.ErrOtherLife) {
				t.Errorf("the superblock was written: %v", err)
			}
		})
		for len(s.s.flights) == 0 {
			s.orderly(fifo)
		}
		mine := s.s.cache
		flying := slices.Clone(mine.flying)
		s.otherLife()
		mine.flying = flying
		s.cache.Suspect()
		s.pump()
		s.settle()
		copies := 0
		for i := range 2 {
			b := make([]byte, superSectors*sectorSize)
			mine.read(b, int64(i)*segment.SuperSpace)
			if super, err := segment.DecodeSuper(b); err == nil && super.Epoch == 2 {
				copies++
			}
		}
		if copies != 1 {
			t.Errorf("%d copies of the other life's superblock are left", copies)
		}
	})
}

// TestP8OtherLifeEndsABatch that was under way when the machine went to sleep: what
// it has not written would go over newer data.
func TestP8OtherLifeEndsABatch(t *testing.T) {
	promise(t, func(s *scenario) {
		s.s.faulty = true
		s.fua(0, 0, 8)
		s.fua(0, 16, 8)
		s.settle()
		s.cache.CloseCurrent()
		s.pump()
		s.settle()
		s.mig.Limit(0)
		s.mig.Step(4)
		s.pump()
		s.settle() // it is read and sorted, and none of it is written
		if s.mig.Idle() {
			t.Fatal("no batch")
		}
		var before []sid
		s.sleep(func() {
			s.otherLife()
			before = append(before, s.s.backing[0].visible...)
		})
		s.settle()
		if _, err := s.cache.LastMigrated(); !errors.Is(err, logcache.ErrOtherLife) {
			t.Fatalf("the cache says %v", err)
		}
		s.mig.Limit(migrate.Unlimited)
		s.pump()
		s.settle()
		for i, id := range s.s.backing[0].visible {
			if id != before[i] {
				t.Errorf("sector %d of the backing was written, by a cache that knows that its log is another's", i)
				return
			}
		}
	})
}
