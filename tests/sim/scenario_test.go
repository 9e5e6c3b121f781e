package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// scenario is a world that a test tells what to do.
type scenario struct {
	*world
	t *testing.T
	e *explorer
}

// newScenario makes a world with two attached devices on a log of five slots
// of 8 KiB.
func newScenario(t *testing.T) *scenario {
	return scenarioOf(t, scriptOptions(512), witness.Scope{})
}

// scenarioOf is one with so much of its disks witnessed.
func scenarioOf(t *testing.T, o Options, scope witness.Scope) *scenario {
	t.Helper()
	o.Scope = scope
	w := newWorld(o, NewStats(), newKit())
	w.early = func() bool { return false }
	w.makeRequests()
	w.start(true)
	s := &scenario{w, t, newExplorer()}
	s.e.begin(w)
	return s
}

// promise runs f as a test of the simulator: a violation fails it.
func promise(t *testing.T, f func(s *scenario)) {
	t.Helper()
	if v := guard(func() { f(newScenario(t)) }); v != nil {
		t.Fatalf("%v\n%s", v, v.Stack)
	}
}

func (s *scenario) write(vol int, lba uint64, n uint32) { s.one(vol, logcache.Write, false, lba, n) }
func (s *scenario) fua(vol int, lba uint64, n uint32)   { s.one(vol, logcache.Write, true, lba, n) }
func (s *scenario) discard(vol int, lba uint64, n uint32) {
	s.one(vol, logcache.Discard, false, lba, n)
}
func (s *scenario) flush(vol int)                      { s.one(vol, logcache.Flush, false, 0, 0) }
func (s *scenario) read(vol int, lba uint64, n uint32) { s.one(vol, logcache.Read, false, lba, n) }

// runIdle gives the ports a moment with nothing to do.
func (s *scenario) runIdle() {
	for _, p := range s.ports {
		p.Idle()
	}
}

// settle lets all happen that is under way.
func (s *scenario) settle() {
	for s.orderly(fifo) {
		s.watchBatches()
	}
}

// batch migrates up to n segments.
func (s *scenario) batch(n int) {
	if !s.mig.Step(n) {
		fail("sim", "there is nothing to migrate")
	}
	s.pump()
	s.settle()
}

// settleCutting does the same and cuts the power, on the side, at every moment.
func (s *scenario) settleCutting() {
	s.e.point()
	for s.orderly(fifo) {
		s.watchBatches()
		s.e.point()
	}
}

// do has the administrator take steps, with power cuts on the side at every moment.
func (s *scenario) do(steps []step) {
	s.admin = append(s.admin, steps...)
	s.settleCutting()
}

// writesUnderWay are those of the cache device.
func (s *scenario) writesUnderWay() []*pending {
	return append(s.s.cache.done[:len(s.s.cache.done):len(s.s.cache.done)], s.s.cache.flying...)
}

// cutTo cuts the power on the side. land says which sectors of the unflushed
// writes of the cache device land.
func (s *scenario) cutTo(land func(write, sector int) bool) outcome {
	s.e.clean()
	for i, p := range s.writesUnderWay() {
		for j, id := range p.ids {
			if land(i, j) {
				s.image.disk[0][p.at+j] = id
			}
		}
	}
	s.sides.try(s.image)
	return s.sides.out
}

// crash cuts the power for good and comes up again.
func (s *scenario) crash() {
	s.e.clean()
	s.powerOn()
}

// powerOn starts again from the image.
func (s *scenario) powerOn() {
	s.s.revive(s.image)
	s.noteUnfinished(nil)
	s.free()
	s.newPorts()
	if !s.boot(s.world, &s.sides.out) {
		fail("sim", "the power failed where it cannot")
	}
	s.checkRecovery(false)
}
