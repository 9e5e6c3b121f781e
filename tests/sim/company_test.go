package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// timer is the operation under way for which a barrier waits, or -1.
func (s *scenario) timer() int {
	return slices.IndexFunc(s.s.flights, func(f *flight) bool { return f.op.Kind == block.Wait })
}

// oneWaits has both devices write and sync until a barrier waits for company.
func (s *scenario) oneWaits() {
	s.Company = true
	s.allowWait(time.Second)
	for n := range 600 {
		if s.sync(n % 2); s.timer() >= 0 {
			return
		}
		if n%2 == 0 {
			continue
		}
		s.takeTime(s.s.flights[0].op)
		if s.complete(0); s.timer() >= 0 {
			return
		}
		s.makeRoom()
	}
	fail("sim", "no barrier ever waits for company")
}

// settleBut lets all happen that is under way, but no timer run out.
func (s *scenario) settleBut() {
	for busy := true; busy; {
		busy = false
		for i := range s.woken {
			if s.woken[i] {
				s.poll(i)
				busy = true
			}
		}
		for i := 0; i < len(s.s.flights); i++ {
			if i != s.timer() {
				s.complete(i)
				busy = true
				break
			}
		}
		s.watchBatches()
	}
}

// allAnswered wants nobody to wait any more.
func (s *scenario) allAnswered(why string) {
	s.t.Helper()
	if n := len(s.reqs) - len(s.idle); n > 0 {
		s.t.Errorf("%s, and %d requests wait", why, n)
	}
}

// whileOneWaits runs f in a scenario in which a barrier waits for company.
func whileOneWaits(t *testing.T, f func(s *scenario)) {
	t.Helper()
	promise(t, func(s *scenario) {
		s.oneWaits()
		f(s)
	})
}

// TestP1WhileABarrierWaits: a power cut then, and at every moment until all is
// answered, takes nothing that was.
func TestP1WhileABarrierWaits(t *testing.T) {
	whileOneWaits(t, func(s *scenario) {
		s.settleCutting()
		s.allAnswered("its time is up")
		s.read(0, 0, 8)
		s.read(1, 0, 8)
		s.settle()
	})
	whileOneWaits(t, func(s *scenario) { s.crash() })
}

// ends are what ends the wait of a barrier.
var ends = map[string]func(s *scenario){
	"the other one syncs":                  func(s *scenario) { s.sync(0); s.sync(1) },
	"a device is held":                     func(s *scenario) { s.freeze(0)(); s.freeze(1)(); s.unfreeze(0)(); s.unfreeze(1)() },
	"a device is detached":                 func(s *scenario) { s.admin = append(s.admin, s.detach(1)...) },
	"the server stops":                     func(s *scenario) { s.admin = append(s.admin, s.stop()...) },
	"no barrier may wait any more":         func(s *scenario) { s.allowWait(0) },
	"the log is to be durable":             func(s *scenario) { s.cache.FlushCurrent() },
	"all is to be migrated":                func(s *scenario) { s.admin = append(s.admin, s.migrateSteps()...) },
	"the log is full":                      func(s *scenario) { s.admin = append(s.admin, s.wrapSteps()...) },
	"the machine has slept, and is held":   func(s *scenario) { s.cache.Suspect(); s.freeze(0)(); s.unfreeze(0)() },
	"what went past the log is to be kept": func(s *scenario) { s.goesPast(true, 0, 64, 8); s.on(1); s.flush(0) },
}

// TestP9BarrierWaitsForNobody: one that waits for company goes on as soon as none
// is to be waited for, and not only when its time is up.
func TestP9BarrierWaitsForNobody(t *testing.T) {
	for why, what := range ends {
		whileOneWaits(t, func(s *scenario) {
			late := s.s.flights[s.timer()]
			what(s)
			s.pump()
			s.settleBut()
			for n := 0; len(s.admin) > 0 && n < endless; n++ {
				s.administer()
				s.settleBut()
			}
			s.allAnswered(why)
			s.runsOut(late)
		})
	}
}

// runsOut has a timer run out long after what it was for, also when its cache is
// no more.
func (s *scenario) runsOut(late *flight) {
	if s.stopped {
		op := late.op
		s.free()
		op.Sink.Done(op, nil)
		return
	}
	s.complete(slices.Index(s.s.flights, late))
	s.fua(0, 0, 8)
	s.settle()
	s.allAnswered("an old timer runs out")
}

// TestP9LogFailsWhileABarrierWaits: it fails too, and does not wait for its time.
func TestP9LogFailsWhileABarrierWaits(t *testing.T) {
	whileOneWaits(t, func(s *scenario) {
		s.s.rules = append(s.s.rules, &rule{what: eio, dev: 0, kinds: []block.Kind{block.Write, block.Flush}, nth: 1, count: 1000})
		s.cache.CommitSuper(func(error) {})
		s.fua(0, 8, 8)
		s.cache.FlushCurrent()
		s.pump()
		s.settleBut()
		s.allAnswered("the log has failed")
		if !s.broken() {
			t.Error("and the cache is not broken")
		}
		s.settle()
	})
}

// TestP9OneDeviceNeverWaits: of one device alone no barrier waits for company,
// however many come.
func TestP9OneDeviceNeverWaits(t *testing.T) {
	promise(t, func(s *scenario) {
		s.Company = true
		s.allowWait(time.Second)
		for n := range uint64(200) {
			for range min(3, len(s.idle)) {
				s.one(0, logcache.Write, true, n%8*8, 1)
			}
			s.clock += 5 * time.Microsecond
			s.takeTime(s.s.flights[0].op)
			if s.complete(0); s.timer() >= 0 {
				t.Fatal("a barrier waits for company")
			}
			s.makeRoom()
		}
		s.settle()
	})
}
