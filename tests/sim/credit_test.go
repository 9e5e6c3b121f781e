package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
)

// slow takes all credit from a volume.
func (s *scenario) slow(vol int) {
	s.limit(vol, logcache.Credit{Slowed: true, Most: 1 << 20})
	s.pump()
}

// grant gives a volume that is slowed credit for so many bytes.
func (s *scenario) grant(vol int, bytes int64) {
	s.limit(vol, logcache.Credit{Slowed: true, Bytes: bytes, Most: 1 << 20})
	s.pump()
}

// pollAll lets the queues' threads read their inbox.
func (s *scenario) pollAll() {
	for i := range s.ports {
		s.poll(i)
	}
}

// waiting wants so many writes to wait, and says whether for credit alone.
func (s *scenario) waiting(n int, slowed bool) {
	s.t.Helper()
	if got, g := s.cache.Status().WaitingWrites, s.cache.Gauge(); got != n || g.Slowed != slowed {
		s.t.Errorf("%d writes wait, all for credit: %v; want %d, %v", got, g.Slowed, n, slowed)
	}
}

// TestP9CreditHoldsNobodyElse: whoever waits for credit holds up his own writes,
// and goes on when there is some, for as long as there is.
func TestP9CreditHoldsNobodyElse(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		if s.vols[0].Backlogged() {
			t.Error("a device that has written nothing is behind")
		}
		for i := range uint64(3) {
			s.write(0, 8*i, 8)
		}
		s.discard(0, 80, 8) // behind them
		s.waiting(4, true)
		s.write(1, 0, 8)
		s.waiting(4, true)
		if !s.vols[0].Backlogged() || s.vols[1].Backlogged() {
			t.Error("the device that is slowed is behind, and no other")
		}
		s.grant(0, 1)
		s.waiting(3, true)
		s.grant(0, 4095) // pays what the first one has left to pay
		s.waiting(3, true)
		s.grant(0, 4096)
		s.waiting(2, true)
		if n := s.vols[0].Status().SlowedWrites; n != 4 {
			t.Errorf("%d writes were slowed, want 4", n)
		}
		s.grant(0, 1)
		s.waiting(0, false)
		s.settleCutting()
		s.waiting(0, false)
		s.read(0, 0, 24)
		s.settle()
	})
}

// TestP9NoCreditIsNeeded: discards, flushes and reads are not slowed, nor what
// goes past the log.
func TestP9NoCreditIsNeeded(t *testing.T) {
	promise(t, func(s *scenario) {
		s.write(0, 0, 8)
		s.slow(0)
		s.discard(0, 40, 8)
		s.read(0, 0, 8)
		s.goesPast(true, 0, 64, 8)
		s.waiting(0, false)
		s.flush(0)
		s.settle()
		if len(s.idle) != len(s.reqs) {
			t.Error("a request waits")
		}
	})
}

// TestP7BypassBehindASlowedWrite: a write that needs no credit does not overtake
// one over it that waits for some.
func TestP7BypassBehindASlowedWrite(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		s.write(0, 0, 8)
		s.goesPast(false, 0, 4, 8)
		s.goesPast(true, 0, 40, 8)
		s.waiting(2, true)
		s.grant(0, 1<<20)
		s.read(0, 0, 48)
		s.settleCutting()
	})
}

// TestP3BegunWriteGoesFirst: a write that is in the log in part, and waits for
// room, is the next to go on, whatever happens to its credit and to that of
// others.
func TestP3BegunWriteGoesFirst(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(1)
		s.write(1, 0, 8)
		for i := uint64(0); s.cache.Status().WaitingWrites < 2; i++ {
			s.write(0, 3*i, 9)
		}
		s.waiting(2, false)
		s.slow(0)
		s.grant(1, 1<<20) // it came first
		s.settleCutting()
		s.read(0, 0, 64)
		s.read(1, 0, 8)
		s.settleCutting()
	})
}

// TestP9OldestFirst: writes of all volumes that wait for room go to the log in the
// order in which they came.
func TestP9OldestFirst(t *testing.T) {
	promise(t, func(s *scenario) {
		var all []*request
		for i := uint64(0); len(all) < 6; i++ {
			r, n := s.idle[len(s.idle)-1], s.cache.Status().WaitingWrites
			if s.write(int(i%2), 3*i, 9); s.cache.Status().WaitingWrites > n {
				all = append(all, r)
			}
		}
		for s.orderly(fifo) && s.cache.Status().WaitingWrites > 0 {
			s.watchBatches()
		}
		for i := 1; i < len(all); i++ {
			if all[i].Place() <= all[i-1].Place() {
				t.Errorf("write %d has place %d, and the one before it %d", i, all[i].Place(), all[i-1].Place())
			}
		}
		s.settleCutting()
	})
}

// TestP9NothingWaitsInVain: what comes behind a write that waits is stored too.
func TestP9NothingWaitsInVain(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		s.write(0, 0, 8)
		s.write(0, 16, 8)
		s.grant(0, 1<<20)
		s.flush(0)
		s.settleCutting()
		s.read(0, 16, 8)
		s.settleCutting()
	})
}

// TestP9FreezeTakesSlowedWrites: a freeze does not wait for credit. What waited
// is held by it, and comes again when it is gone, to wherever the device is by
// then.
func TestP9FreezeTakesSlowedWrites(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		s.write(0, 0, 8)
		s.write(0, 8, 8)
		s.vols[0].Freeze()
		if !s.vols[0].Idle() {
			t.Error("the freeze waits for credit")
		}
		s.waiting(0, false)
		s.vols[0].Unfreeze()
		s.pollAll()
		s.waiting(2, true)
		s.do(s.detach(0))
		s.read(0, 0, 16)
		s.settleCutting()
		s.do(s.attachSteps(0))
		s.write(0, 4, 8)
		s.waiting(0, false)
		s.settleCutting()
	})
}

// TestP9BrokenCacheAnswersSlowedWrites: nobody waits for a cache that is broken.
func TestP9BrokenCacheAnswersSlowedWrites(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		s.write(0, 0, 8)
		s.s.faulty = true
		s.s.rules = append(s.s.rules, &rule{what: eio, dev: -1, nth: 1, count: 100})
		s.fua(1, 0, 8)
		s.settle()
		if len(s.idle) != len(s.reqs) {
			t.Error("a request waits")
		}
	})
}

// TestP9UnlimitedOnItsOwnThread: whoever lets a device go needs no thread of the
// cache: the writes go on where they came from.
func TestP9UnlimitedOnItsOwnThread(t *testing.T) {
	promise(t, func(s *scenario) {
		s.slow(0)
		s.write(0, 0, 8)
		s.vols[0].Unlimit()
		s.waiting(1, true)
		s.pollAll()
		s.waiting(0, false)
		s.slow(1)
		s.vols[1].Unlimit()
		s.write(1, 0, 8)
		s.waiting(0, false)
		s.settleCutting()
	})
}
