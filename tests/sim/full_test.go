package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestP9FullIsNoSlot: writes wait when the cache device is slower than they are,
// and when the log is full. Migration helps only in the second case, and so must
// not be hurried in the first.
func TestP9FullIsNoSlot(t *testing.T) {
	promise(t, func(s *scenario) {
		s.s.rules = []*rule{{what: stalled, dev: 0, kinds: []block.Kind{block.Write}}}
		at := uint64(0)
		fill := func() {
			for {
				s.fua(0, at, 12)
				s.pump()
				if s.cache.Status().WaitingWrites > 0 {
					return
				}
				at = (at + 13) % 169
				if len(s.s.rules) == 0 {
					s.settle()
				}
			}
		}
		fill()
		if st, g := s.cache.Status(), s.cache.Gauge(); g.Full || st.WaitBuffer == 0 || st.WaitSlot != 0 {
			t.Errorf("the cache device does not move: full is %v, %d waits for a buffer and %d for a slot", g.Full, st.WaitBuffer, st.WaitSlot)
		}
		s.s.rules = nil
		s.s.lift()
		s.settle()
		fill()
		if g := s.cache.Gauge(); !g.Full || g.Closed != uint64(s.Slots) {
			t.Errorf("the log has %d segments of %d and is full: %v", g.Closed, s.Slots, g.Full)
		}
		s.batch(1)
		s.settle()
		if s.cache.Gauge().Full {
			t.Error("full, when a slot has become free and what waited has gone into it")
		}
	})
}
