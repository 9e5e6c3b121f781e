package sim

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// goesPast wants a write to bypass the log, or not to.
func (s *scenario) goesPast(want bool, vol int, lba uint64, n uint32) *request {
	s.t.Helper()
	r := s.idle[len(s.idle)-1]
	if s.bypass(vol, lba, n) != want {
		s.t.Errorf("write of %d sectors at %d: it bypasses the log: %v, want %v", n, lba, !want, want)
	}
	return r
}

// on completes what is under way on a device, until nothing is.
func (s *scenario) on(dev block.Dev) {
	for i := 0; i < len(s.s.flights); i++ {
		if s.s.flights[i].op.Dev == dev {
			s.complete(i)
			i = -1
		}
	}
}

// close ends the current segment, when all is durable.
func (s *scenario) close() {
	s.settle()
	s.cache.CloseCurrent()
	s.settle()
}

// TestP7BypassOverOldData: where the log has data, even one sector of it, a
// write does not go past it; beside it, it does.
func TestP7BypassOverOldData(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 3, 2)
		s.discard(0, 40, 3)
		s.settle()
		s.goesPast(false, 0, 0, 8)
		s.goesPast(false, 0, 42, 9)
		s.goesPast(true, 0, 64, 40)
		s.goesPast(true, 1, 0, 8)
		s.settleCutting()
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.goesPast(true, 0, 0, 8)
		s.flush(0)
		s.settle()
		s.crash()
		s.read(0, 0, 100)
		s.settle()
	})
}

// TestP7BypassBesideOldData: a write may go past the log right beside what the
// log has, within a block of 4 KiB too.
func TestP7BypassBesideOldData(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 3)
		s.settle()
		s.goesPast(true, 0, 3, 9)
		s.settleCutting()
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP7BypassBeforeTheSuperblock: a batch is on its backing and out of the
// index, but a crash would replay it still: what bypassed the log now, and was
// flushed, would be overwritten.
func TestP7BypassBeforeTheSuperblock(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.close()
		s.mig.Step(1)
		s.pump()
		for s.cache.DirtyBlocks(1) > 0 {
			s.complete(0)
		}
		s.goesPast(false, 0, 0, 8)
		s.on(1)
		s.flush(0)
		s.on(1)
		s.settleCutting()
		s.goesPast(true, 0, 8, 8)
		s.on(1)
		s.flush(0)
		s.settleCutting()
		s.crash()
		s.read(0, 0, 16)
		s.settle()
	})
}

// TestP7BypassMigrationRaces: old data of the range is on its way to the
// backing, and arrives last.
func TestP7BypassMigrationRaces(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.close()
		s.mig.Step(1)
		s.pump()
		s.on(block.Cache)
		s.goesPast(false, 0, 4, 8)
		for len(s.s.flights) > 0 {
			s.complete(len(s.s.flights) - 1)
		}
		s.read(0, 0, 12)
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.read(0, 0, 12)
		s.settle()
	})
}

// TestP7BypassThenLogged: a later write over one that is on its way past the log
// waits for it, whichever way it would take; then it is newer everywhere.
func TestP7BypassThenLogged(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		r := s.idle[len(s.idle)-1]
		s.fua(0, 4, 8)
		s.discard(0, 0, 2)
		last := s.goesPast(false, 0, 7, 20)
		s.pump()
		for len(s.s.flights) > 0 && s.s.flights[len(s.s.flights)-1].op.Dev == block.Cache {
			s.complete(len(s.s.flights) - 1)
		}
		if !r.busy || !last.busy {
			t.Error("a write did not wait for the one before it")
		}
		s.settleCutting()
		s.read(0, 0, 30)
		s.do(s.migrateSteps())
		s.read(0, 0, 30)
		s.settleCutting()
	})
}

// TestP7BypassStillUnderWay: a write waits for one on its way past the log. When
// another one has come to its end, it looks around, and goes on waiting.
func TestP7BypassStillUnderWay(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		s.goesPast(true, 0, 40, 8)
		s.goesPast(false, 0, 4, 8)
		s.pump()
		s.complete(1)
		if n := s.cache.Status().WaitingWrites; n != 1 {
			t.Errorf("%d writes wait, want the one over a write that is under way", n)
		}
		s.settleCutting()
		s.do(s.migrateSteps())
		s.read(0, 0, 12)
		s.settle()
	})
}

// TestP7BypassOverBypass: of two such writes over one another, the later one goes
// to the log, and waits for the first.
func TestP7BypassOverBypass(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		s.goesPast(false, 0, 4, 8)
		s.goesPast(true, 0, 30, 8)
		s.pump()
		for len(s.s.flights) > 0 {
			s.complete(len(s.s.flights) - 1)
		}
		s.read(0, 0, 12)
		s.flush(0)
		s.settleCutting()
		s.do(s.migrateSteps())
		s.read(0, 0, 12)
		s.settle()
	})
}

// TestP1BypassFlushUnderWay: a FLUSH does not cover what is still on its way past
// the log, so the next one has to.
func TestP1BypassFlushUnderWay(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		s.on(1)
		s.goesPast(true, 0, 20, 8)
		s.flush(0)
		s.complete(1)
		s.settleCutting()
		s.flush(0)
		s.settleCutting()
	})
}

// TestP7BypassBehindAWaitingWrite: a write waits for room; a later one over it,
// which needs none, does not overtake it.
func TestP7BypassBehindAWaitingWrite(t *testing.T) {
	promise(t, func(s *scenario) {
		for i := range uint64(6) {
			s.write(0, 14*i, 13)
		}
		s.write(0, 100, 8)
		if s.cache.Status().WaitingWrites == 0 {
			t.Error("no write waits")
		}
		s.goesPast(false, 0, 104, 8)
		s.goesPast(true, 0, 120, 8)
		s.settleCutting()
		s.read(0, 96, 40)
		s.settleCutting()
	})
}

// TestP1BypassFlush: a FLUSH is answered when the backing has been flushed too.
func TestP1BypassFlush(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		s.settle()
		s.write(0, 20, 3)
		s.flush(0)
		s.settleCutting()
		s.goesPast(true, 0, 4, 3)
		s.settle()
		s.flush(1)
		s.fua(0, 30, 1)
		s.settleCutting()
		s.flush(0)
		s.settleCutting()
	})
}

// TestP1BypassFUA: what must be durable at once goes to the log.
func TestP1BypassFUA(t *testing.T) {
	promise(t, func(s *scenario) {
		s.vols[0].SetBypass(logcache.Bypass{Cutoff: 1})
		s.fua(0, 0, 8)
		s.settleCutting()
		if s.vols[0].Status().Bypassed.SequentialWrites > 0 {
			t.Error("a write with FUA bypassed the log")
		}
	})
}

// flushFails sends a FLUSH and wants it to fail, or not to.
func (s *scenario) flushFails(want bool) {
	s.t.Helper()
	r := s.idle[len(s.idle)-1]
	s.flush(0)
	s.settle()
	if (r.Err != nil) != want {
		s.t.Errorf("a FLUSH was answered with: %v", r.Err)
	}
}

// TestP9BypassFlushFails: a flush of the backing fails. The FLUSH it was for
// fails, and the next one flushes the backing again.
func TestP9BypassFlushFails(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 0, 8)
		s.settle()
		s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 2}}
		s.flushFails(true)
		s.flushFails(true)
		s.flushFails(false)
		s.goesPast(true, 0, 0, 8)
		s.settle()
		s.flushFails(false)
		if n := s.vols[0].Status().Errors; n != 2 {
			t.Errorf("%d errors are counted, there were 2", n)
		}
	})
}

// TestP9BypassMigrationsFlushFails: a flush that migration asked for fails, and
// loses what bypassed the log. The next FLUSH tells, though its own succeeds.
func TestP9BypassMigrationsFlushFails(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 20, 8)
		s.goesPast(true, 0, 0, 8)
		s.close()
		s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}}
		s.batch(1)
		s.flushFails(true)
		s.flushFails(false)
	})
}

// TestP9BypassFails: the backing refuses a write; the request fails, and what was
// there before is still there, or the write.
func TestP9BypassFails(t *testing.T) {
	for _, what := range []fault{eio, eioLanded} {
		promise(t, func(s *scenario) {
			s.s.rules = []*rule{{what: what, dev: 1, kinds: []block.Kind{block.Write}, nth: 1, count: 1}}
			r := s.goesPast(true, 0, 0, 8)
			s.settleCutting()
			if !errors.Is(r.Err, errIO) {
				t.Errorf("the request got %v", r.Err)
			}
			s.write(0, 0, 3)
			s.flush(0)
			s.do(s.migrateSteps())
			s.read(0, 0, 8)
			s.settleCutting()
		})
	}
}

// TestP7BypassDetach: a detach, and a clean stop, leave nothing that bypassed the
// log in the backing's own cache.
func TestP7BypassDetach(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.goesPast(true, 0, 20, 8)
		s.settle()
		s.do(s.detach(0))
		s.do(s.attachSteps(0))
		s.goesPast(true, 0, 24, 8)
		s.goesPast(true, 1, 24, 8)
		s.settle()
		s.do(s.stop())
		s.e.clean()
		s.sides.try(s.image)
	})
}

// TestP7BypassDetachFails: while the backing does not keep what bypassed the log,
// the device stays attached.
func TestP7BypassDetachFails(t *testing.T) {
	promise(t, func(s *scenario) {
		s.goesPast(true, 0, 20, 8)
		s.settle()
		s.s.rules = []*rule{{what: eio, dev: 1, kinds: []block.Kind{block.Flush}, nth: 1, count: 1}}
		s.vols[0].Freeze()
		var got error
		s.cache.Detach(s.vols[0], func(err error) { got = err })
		s.runToIdle()
		if !errors.Is(got, errIO) || s.vols[0].Cache() == nil {
			t.Errorf("detach: %v", got)
		}
	})
}

// TestP2BypassRead: a read behind the answer of a bypassed write gets it, also
// after the log had newer data that was migrated.
func TestP2BypassRead(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.do(s.migrateSteps())
		s.goesPast(true, 0, 2, 8)
		s.read(0, 0, 12)
		s.settleCutting()
		s.read(0, 0, 12)
		s.write(0, 4, 2)
		s.read(0, 0, 12)
		s.do(s.migrateSteps())
		s.read(0, 0, 12)
		s.settleCutting()
	})
}
