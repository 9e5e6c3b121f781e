package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// This file has cache devices without FUA: what asks for it is a write and a flush,
// and when that fails, it may be the flush.

// withoutFUA runs f on such a device.
func withoutFUA(t *testing.T, f func(s *scenario)) {
	t.Helper()
	o := scriptOptions(512)
	o.FUAFlushes = true
	if v := guard(func() { f(scenarioOf(t, o, witness.Scope{})) }); v != nil {
		t.Fatalf("%v\n%s", v, v.Stack)
	}
}

// failFUA has the next write with FUA fail as its flush.
func (s *scenario) failFUA() {
	s.s.faulty = true
	for _, f := range s.s.flights {
		if f.op.FUA {
			f.fault = eioFlush
			return
		}
	}
	fail("sim", "there is no write with FUA under way")
}

// firstOf is the first operation under way on the cache device that suits.
func (s *scenario) firstOf(suits func(op *block.Op) bool) int {
	for i, f := range s.s.flights {
		if f.op.Dev == block.Cache && suits(f.op) {
			return i
		}
	}
	fail("sim", "what should be under way on the cache device is not")
	return -1
}

func isFUA(op *block.Op) bool { return op.FUA }

// isRecord tells whether an operation is the write of a record without FUA.
func isRecord(op *block.Op) bool {
	return op.Kind == block.Write && !op.FUA && op.Offset >= segment.LogOffset
}

func isSuper(op *block.Op) bool {
	return op.Kind == block.Write && op.Offset < segment.LogOffset
}

// TestP1FailedFUACostsOthers: the records behind one with FUA are written, and lost
// by its flush. They are written again before anything says that they are durable.
func TestP1FailedFUACostsOthers(t *testing.T) {
	withoutFUA(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.pump()
		s.write(1, 0, 40) // several records
		s.pump()
		s.complete(s.firstOf(isRecord))
		s.s.act(s.s.flights[s.firstOf(isRecord)]) // its completion comes later
		s.failFUA()
		s.complete(s.firstOf(isFUA))
		s.flush(1)
		s.settleCutting()
		if s.broken() {
			t.Error("the cache is broken")
		}
		s.fua(0, 20, 3)
		s.settleCutting()
		s.crash()
		s.read(1, 0, 40)
		s.settle()
	})
}

// TestP1FailedFUAsInARow: two writes with FUA are under way, and the flush of the
// second loses the first.
func TestP1FailedFUAsInARow(t *testing.T) {
	withoutFUA(t, func(s *scenario) {
		s.fua(0, 0, 2)
		s.fua(1, 0, 2)
		s.pump()
		s.s.flights[s.firstOf(isFUA)].fault = eioFlush
		s.failFUA()
		for len(s.s.flights) > 0 {
			s.complete(len(s.s.flights) - 1)
			s.e.point()
		}
		s.settleCutting()
		if s.broken() {
			t.Error("the cache is broken")
		}
	})
}

// TestP1FailedFUACostsTheSuperblock: a copy of the superblock is written, and
// lost by a record's flush. It is written again before anything is built on it.
func TestP1FailedFUACostsTheSuperblock(t *testing.T) {
	withoutFUA(t, func(s *scenario) {
		s.fua(0, 0, 8)
		s.close()
		s.mig.Step(1)
		s.pump()
		for s.cache.DirtyBlocks(1) > 0 {
			s.complete(0)
		}
		s.fua(1, 8, 3)
		s.pump()
		s.complete(s.firstOf(isSuper))
		s.failFUA()
		s.s.act(s.s.flights[s.firstOf(isFUA)])
		s.complete(s.firstOf(func(op *block.Op) bool { return op.Kind == block.Flush }))
		s.complete(s.firstOf(isFUA))
		s.settleCutting()
		for i := range uint64(7) { // until the slot is used again that is free now
			s.fua(0, 20+9*i, 9)
			s.settleCutting()
		}
	})
}
