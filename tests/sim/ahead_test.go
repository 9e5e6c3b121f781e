package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// segments fills a segment by each of some writes.
func (s *scenario) segments(writes ...func()) {
	for _, write := range writes {
		write()
		s.settle()
		s.cache.CloseCurrent()
		s.pump()
		s.settle()
	}
}

// TestP4NextBatchWaits migrates a log that holds the same places several times,
// a batch each, and reads for the batch to come as early as it can. The backing
// has no part of a batch before it has all of those before.
func TestP4NextBatchWaits(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint32(4) {
			s.segments(func() { s.fua(0, 0, 12-i) })
		}
		for s.cache.Gauge().Closed > 0 {
			s.mig.Step(1)
			s.pump()
			s.settleCutting()
		}
		if s.stats.Ahead < 3 {
			t.Errorf("%d segments were read ahead, want at least all but the first of 4", s.stats.Ahead)
		}
	})
}

// TestP4AfterAFailedBatch: writes of a batch fail, and reach the backing all the
// same. The next batch goes as far, whatever it was asked for, or it would end
// with a backing that is ahead of it.
func TestP4AfterAFailedBatch(t *testing.T) {
	promise(t, func(s *scenario) {
		s.segments(func() { s.fua(0, 0, 8) }, func() { s.fua(0, 4, 8) })
		s.s.rules = []*rule{{what: eioLanded, dev: 1, kinds: []block.Kind{block.Write}, nth: 1, count: 10}}
		s.batch(2)
		s.s.lift()
		s.batch(1)
		if id, _ := s.cache.LastMigrated(); id != 2 {
			t.Errorf("segments up to %d are migrated, want 2", id)
		}
	})
}

// TestP5FailureForgetsWhatIsAhead: after a batch that failed comes the same one
// again, though the one after it has been read already.
func TestP5FailureForgetsWhatIsAhead(t *testing.T) {
	promise(t, func(s *scenario) {
		s.segments(func() { s.fua(0, 0, 10) }, func() { s.fua(0, 40, 10) })
		s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}}
		s.mig.Step(1)
		s.pump()
		s.settleCutting()
		if id, _ := s.cache.LastMigrated(); id != 0 || s.stats.Ahead != 1 {
			t.Fatalf("segments up to %d count as migrated after a failed flush, and %d were read ahead", id, s.stats.Ahead)
		}
		s.s.lift()
		for want := range uint64(2) {
			s.mig.Step(1)
			s.pump()
			s.settleCutting()
			if id, _ := s.cache.LastMigrated(); id != want+1 {
				t.Errorf("segments up to %d are migrated, want %d", id, want+1)
			}
		}
	})
}
