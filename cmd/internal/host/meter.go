package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// guess is what a log is taken to free in a second before it was measured.
const guess = 16 << 20

// meter measures what the backings sustain: bytes of the log freed, and bytes
// written to each, in the time that batches took at full speed. It belongs to
// the thread of a cache.
type meter struct {
	begun     time.Time // of the batch under way; zero = none
	from      uint64    // last migrated segment before it
	slowed    bool      // it was held back: nothing to learn from it
	sustained int64     // bytes of the log in a second; 0 = not known

	lanes [segment.MaxDevices + 1]lane
}

// lane is what is measured of one backing.
type lane struct {
	begun     time.Time // of its writes in this batch; zero = none under way
	bytes     int64     // of them
	sustained int64     // bytes in a second; 0 = not known
}

// begin takes note of a batch.
func (m *meter) begin(now time.Time, lastMigrated uint64) {
	m.begun, m.from, m.slowed = now, lastMigrated, false
}

// wrote takes note of a write to a backing that is about to start.
func (m *meter) wrote(now time.Time, op *blockdev.Op) {
	l := &m.lanes[op.Dev]
	if l.begun.IsZero() {
		l.begun, l.bytes = now, 0
	}
	l.bytes += int64(len(op.Buf))
}

// lanesDone looks which backings have done their part of the batch.
func (m *meter) lanesDone(now time.Time, busy func(blockdev.Dev) bool) {
	for i := range m.lanes {
		l := &m.lanes[i]
		if l.begun.IsZero() || busy(blockdev.Dev(i)) {
			continue
		}
		if took := now.Sub(l.begun).Seconds(); took > 0 && !m.slowed {
			l.sustained = blend(l.sustained, float64(l.bytes)/took, 0.5)
		}
		l.begun = time.Time{}
	}
}

// end takes note that the batch has ended. A batch of a few segments says
// little of what large ones do, and weighs less.
func (m *meter) end(now time.Time, lastMigrated uint64, segmentSize uint32, slots uint64) {
	freed := lastMigrated - m.from
	if took := now.Sub(m.begun).Seconds(); took > 0 && freed > 0 && !m.slowed {
		weight := min(0.5, 0.05+float64(freed)/float64(slots))
		m.sustained = blend(m.sustained, float64(freed)*float64(segmentSize)/took, weight)
	}
	m.begun = time.Time{}
}

func blend(old int64, measured, weight float64) int64 {
	if old == 0 {
		return int64(measured)
	}
	return int64(float64(old)*(1-weight) + measured*weight)
}

// takes is how long so many bytes of the log take to be freed.
func (m *meter) takes(bytes int64) time.Duration {
	rate := m.sustained
	if rate <= 0 {
		rate = guess
	}
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
}
