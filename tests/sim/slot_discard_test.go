package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestP5DiscardedSlots: writes wait for a full log; when its slots are free they
// are discarded, and only then written, however late the discards come.
func TestP5DiscardedSlots(t *testing.T) {
	promise(t, func(s *scenario) {
		s.cache.SetDiscardSlots(true)
		for range 3 {
			for i := range uint64(s.Slots) {
				s.segments(func() { s.fua(0, 13*i, 12) })
			}
			s.fua(0, 0, 12)
			for s.cache.Gauge().Closed > 0 {
				s.mig.Step(2)
				s.pump()
				for s.orderly(lifo) {
					s.watchBatches()
					s.e.point()
				}
			}
		}
		if n := s.cache.Status().DiscardedSlotBytes; n == 0 {
			t.Error("nothing was discarded")
		}
		s.crash()
	})
}

// TestP5SlotsWaitForTheSuperblock: a discard comes to its end while the next
// batch is on its backing and the superblock does not say so yet. What is
// discarded then is not what that batch was made of.
func TestP5SlotsWaitForTheSuperblock(t *testing.T) {
	promise(t, func(s *scenario) {
		s.cache.SetDiscardSlots(true)
		for i := range uint64(3) {
			s.segments(func() { s.fua(0, 13*i, 12) })
		}
		s.s.rules = []*rule{{what: stalled, dev: 0, kinds: []block.Kind{block.Discard}, nth: 1, count: 1}}
		s.mig.Step(1)
		s.pump()
		s.runToIdle()
		s.mig.Step(1)
		s.pump()
		for s.mig.Status().State != "committing" {
			s.complete(1) // all but the discard
		}
		s.s.lift()
		s.complete(0)
		s.settleCutting()
	})
}

// TestP2DiscardSparesReads: a slot is free, and read: what began before its data
// went to the backing gets that data.
func TestP2DiscardSparesReads(t *testing.T) {
	promise(t, func(s *scenario) {
		s.cache.SetDiscardSlots(true)
		s.segments(func() { s.fua(0, 0, 12) }, func() { s.fua(0, 0, 12) })
		for i := range uint64(3) { // which pushes them out of the RAM buffers
			s.segments(func() { s.fua(0, 13*(i+1), 12) })
		}
		s.s.rules = []*rule{{what: stalled, dev: 0, kinds: []block.Kind{block.Read}, nth: 1, count: 1}}
		s.read(0, 0, 12)
		s.mig.Step(3)
		s.pump()
		s.runToIdle()
		if len(s.s.flights) != 1 || s.cache.Status().DiscardedSlotBytes == 0 {
			t.Fatalf("%d operations wait, %d bytes were discarded", len(s.s.flights), s.cache.Status().DiscardedSlotBytes)
		}
		s.s.lift()
		s.settle()
	})
}

// TestP9DiscardOfSlotsFails: the slots are free all the same.
func TestP9DiscardOfSlotsFails(t *testing.T) {
	promise(t, func(s *scenario) {
		s.cache.SetDiscardSlots(true)
		s.s.rules = []*rule{{what: eio, dev: 0, kinds: []block.Kind{block.Discard}, nth: 1, count: 100}}
		for i := range uint64(12) {
			s.segments(func() { s.fua(0, 13*(i%8), 12) })
			s.batch(1)
		}
		if st := s.cache.Status(); st.DiscardSlotErrors == 0 || st.DiscardedSlotBytes != 0 {
			t.Errorf("%d discards failed, %d bytes were discarded", st.DiscardSlotErrors, st.DiscardedSlotBytes)
		}
	})
}
