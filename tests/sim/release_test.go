package sim

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestP7ReleasedDeviceIsLetGo: a device may leave in the middle of a batch, with
// its data in the log. From when it is let go nothing is done on its backing, and
// what the batch may not have brought there durably stays in the log.
func TestP7ReleasedDeviceIsLetGo(t *testing.T) {
	for at := range 12 {
		promise(t, func(s *scenario) {
			s.fua(0, 0, 8)
			s.fua(1, 8, 3)
			s.fua(0, 12, 4)
			s.close()
			s.mig.Step(3)
			s.pump()
			for range at {
				s.orderly(fifo)
			}
			s.vols[0].Freeze()
			s.cache.Release(s.vols[0])
			for s.mig.Abandon(1); s.mig.Busy(1); s.mig.Abandon(1) {
				s.pump()
				s.orderly(fifo)
			}
			s.pump()
			for next := true; next; next = s.orderly(fifo) {
				for _, f := range s.s.flights {
					if f.op.Dev == block.Dev(1) {
						t.Errorf("behind %d steps: a %v on a backing that was let go", at, f.op.Kind)
					}
				}
				s.e.point()
			}
			s.crash()
			s.read(0, 0, 24)
			s.do(s.migrateSteps())
			s.read(0, 0, 24)
			s.settle()
		})
	}
}
