package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestP7DiscardsInOrder: discards and writes take turns on the same sectors, a
// segment each, and are migrated one at a time. After each, what is newer still
// hides what the backing got.
func TestP7DiscardsInOrder(t *testing.T) {
	promise(t, func(s *scenario) {
		turn := []func(){
			func() { s.write(0, 2, 12) },
			func() { s.discard(0, 0, 11) },
			func() { s.write(0, 6, 8); s.discard(0, 7, 1); s.write(0, 1, 1) },
			func() { s.one(0, logcache.Zero, true, 4, 20) },
		}
		for _, f := range turn {
			f()
			s.settle()
			s.cache.CloseCurrent()
			s.settle()
		}
		for range turn {
			s.read(0, 0, 24)
			s.settleCutting()
			s.batch(1)
		}
		s.read(0, 0, 24)
		s.settleCutting()
		if n := s.cache.DirtyBlocks(1); n != 0 {
			t.Errorf("%d blocks are dirty after all was migrated", n)
		}
	})
}

// TestP2DiscardedDataIsGone: after a crash a discard that was durable still
// hides both the log's older data and the backing's.
func TestP2DiscardedDataIsGone(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.do(s.migrateSteps())
		s.write(0, 8, 8)
		s.discard(0, 4, 8)
		s.flush(0)
		s.settleCutting()
		s.crash()
		s.read(0, 0, 24)
		s.do(s.migrateSteps())
		s.crash()
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP9DiscardsWait: discards need next to no log, but fill the index. When it is
// full they wait for migration, and it is given what it needs.
func TestP9DiscardsWait(t *testing.T) {
	promise(t, func(s *scenario) {
		blocks := uint64(0)
		for i := range 60 {
			for len(s.idle) == 0 {
				if !s.orderly(fifo) {
					t.Fatal("all wait for ever")
				}
			}
			s.discard(0, uint64(i*20%150), 40)
			blocks = max(blocks, s.cache.Status().DirtyBlocks)
		}
		s.settleCutting()
		if s.cache.Status().WaitIndex == 0 {
			t.Errorf("no discard has waited, with up to %d blocks in the index", blocks)
		}
	})
}

// TestP7DiscardsReachTheBacking: a discard arrives as such, and zeroes as zeroes,
// through the log and past it.
func TestP7DiscardsReachTheBacking(t *testing.T) {
	promise(t, func(s *scenario) {
		seen := map[block.Kind]int64{}
		watch := func(from int) {
			for _, f := range s.s.flights[from:] {
				if f.op.Dev != block.Cache {
					seen[f.op.Kind] += f.op.Bytes() / sectorSize
				}
			}
		}
		s.discard(0, 0, 24)
		s.one(0, logcache.Zero, false, 24, 9)
		s.write(0, 8, 1)
		s.admin = s.migrateSteps()
		for s.orderly(fifo) {
			watch(0)
		}
		if seen[block.Discard] == 0 || seen[block.Zero] == 0 {
			t.Errorf("the backing saw %v", seen)
		}
		s.do(s.detach(0))
		for _, op := range []logcache.Op{logcache.Discard, logcache.Zero} {
			s.one(0, op, true, 0, 8)
			if n := len(s.s.flights); n != 1 || s.s.flights[0].op.Bytes() != 8*sectorSize {
				t.Errorf("op %d past the log leads to %d operations", op, n)
			}
			s.settleCutting()
		}
	})
}
