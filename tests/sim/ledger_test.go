package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has flushes of a backing that belong to one and cost another.

// halfBatch has a write of device 1 past the log, and begins a batch for it of
// which one of two writes has reached the backing.
func (s *scenario) halfBatch() {
	s.fua(0, 0, 8)
	s.settle()
	s.fua(0, 40, 2)
	s.close()
	s.goesPast(true, 0, 100, 8)
	s.on(1)
	s.mig.Step(4)
	s.pump()
	s.on(block.Cache) // the batch's reads
	s.complete(0)
}

// failFlush fails the next flush of the backing of device 1.
func (s *scenario) failFlush() {
	s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}}
}

// flight finds the n-th operation of a kind that is under way on device 1.
func (s *scenario) flight(k block.Kind, n int) int {
	for i, f := range s.s.flights {
		if f.op.Dev == 1 && f.op.Kind == k {
			if n--; n == 0 {
				return i
			}
		}
	}
	fail("sim", "there is no %v under way", k)
	return -1
}

// notMigrated wants the batch to have failed, and the one after it not to.
func (s *scenario) notMigrated() {
	s.t.Helper()
	if id, _ := s.cache.LastMigrated(); id != 0 || s.mig.Status().Failed == 0 {
		s.t.Errorf("segments up to %d count as migrated, although a flush has failed behind their writes", id)
	}
	s.do(s.migrateSteps())
	if id, _ := s.cache.LastMigrated(); id == 0 {
		s.t.Error("nothing was migrated after that")
	}
	s.crash()
}

// TestP5BackingFlushFailsTheBatch: a FLUSH owes a flush of the backing; it fails,
// and loses a write of the batch under way. The batch's own flush, which comes
// later, succeeds, and saves nothing.
func TestP5BackingFlushFailsTheBatch(t *testing.T) {
	promise(t, func(s *scenario) {
		s.halfBatch()
		s.failFlush()
		r := s.idle[len(s.idle)-1]
		s.flush(0)
		s.complete(s.flight(block.Flush, 1))
		s.settle()
		if r.Err == nil {
			t.Error("the FLUSH has not failed")
		}
		s.notMigrated()
	})
}

// TestP5BackingFlushFailsUnseen: the same, but that the flush had failed is
// heard of only after the batch's own has succeeded.
func TestP5BackingFlushFailsUnseen(t *testing.T) {
	promise(t, func(s *scenario) {
		s.halfBatch()
		s.failFlush()
		s.flush(0)
		flush := s.flight(block.Flush, 1)
		s.s.act(s.s.flights[flush])
		s.complete(s.flight(block.Write, 1))
		s.complete(s.flight(block.Flush, 2))
		s.complete(s.flight(block.Flush, 1))
		s.settle()
		s.notMigrated()
	})
}

// TestP1BatchFlushFailsUnseen: the reverse: the batch's flush has lost what
// bypassed the log, and that is heard of only after a FLUSH had the backing
// flushed with success.
func TestP1BatchFlushFailsUnseen(t *testing.T) {
	promise(t, func(s *scenario) {
		s.halfBatch()
		s.failFlush()
		s.complete(s.flight(block.Write, 1))
		s.s.act(s.s.flights[s.flight(block.Flush, 1)])
		r := s.idle[len(s.idle)-1]
		s.flush(0)
		s.complete(s.flight(block.Flush, 2))
		if !r.busy {
			t.Error("the FLUSH was answered while another flush was under way, which may have failed already")
		}
		s.complete(s.flight(block.Flush, 1))
		s.settle()
		if r.Err == nil {
			t.Error("the FLUSH has not failed, although what bypassed the log is lost")
		}
		s.notMigrated()
	})
}

// TestP9FlushesWaitForNoneAfterThem: what a flush is worth is known when those
// that were under way by then have ended, and not later.
func TestP9FlushesWaitForNoneAfterThem(t *testing.T) {
	promise(t, func(s *scenario) {
		s.halfBatch()
		s.complete(s.flight(block.Write, 1)) // the batch's flush begins
		first := s.idle[len(s.idle)-1]
		s.flush(0)
		s.complete(s.flight(block.Flush, 2))
		s.flush(0)
		s.complete(s.flight(block.Flush, 1))
		for i := range s.woken {
			s.poll(i)
		}
		if first.busy {
			t.Error("a FLUSH waits for a later one")
		}
		s.settle()
		if id, _ := s.cache.LastMigrated(); id == 0 {
			t.Error("nothing was migrated")
		}
	})
}

// TestP9BypassFailedFlushUnderWay: a flush of the batch loses a write past the log
// that the backing has, and whose completion nobody has seen yet. The next FLUSH
// fails.
func TestP9BypassFailedFlushUnderWay(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.close()
		s.goesPast(true, 0, 100, 8)
		s.s.act(s.s.flights[s.flight(block.Write, 1)])
		s.failFlush()
		s.mig.Step(4)
		s.pump()
		s.on(block.Cache)
		s.complete(s.flight(block.Write, 2))
		s.complete(s.flight(block.Flush, 1))
		s.settle()
		r := s.idle[len(s.idle)-1]
		s.flush(0)
		s.settle()
		if r.Err == nil {
			t.Error("the FLUSH has not failed, although what bypassed the log is lost")
		}
	})
}
