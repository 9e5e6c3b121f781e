package host

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// guess is what a log is taken to free in a second before it was measured.
const guess = 8 << 20

// meter measures what the backings sustain: bytes of the log freed, and bytes
// written to each, in the time that batches took at full speed. It belongs to
// the thread of a cache.
type meter struct {
	begun     time.Time // of the batch under way; zero = none
	writing   time.Time // its first write; zero = none yet
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
	m.begun, m.writing, m.from, m.slowed = now, time.Time{}, lastMigrated, false
}

// wrote takes note of a write to a backing that is about to start.
func (m *meter) wrote(now time.Time, op *blockdev.Op) {
	if m.writing.IsZero() {
		m.writing = now
	}
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
// nothing of what large ones do.
func (m *meter) end(now time.Time, lastMigrated uint64, segmentSize uint32, slots uint64) {
	const few = 1. / 16
	share := float64(lastMigrated-m.from) / float64(slots)
	if took := now.Sub(m.begun).Seconds(); took > 0 && share > few && !m.slowed {
		m.sustained = blend(m.sustained, share*float64(slots)*float64(segmentSize)/took, min(0.5, share))
	}
	m.begun = time.Time{}
}

func blend(old int64, measured, weight float64) int64 {
	if old == 0 {
		return int64(measured)
	}
	return int64(float64(old)*(1-weight) + measured*weight)
}

// rate is how much of the log a second frees, measured or guessed.
func (m *meter) rate() int64 {
	if m.sustained <= 0 {
		return guess
	}
	return m.sustained
}

// takes is how long so many bytes of the log take to be freed.
func (m *meter) takes(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(m.rate()) * float64(time.Second))
}

// told is the share of a batch from which it tells by itself how long it takes.
const told = 0.2

// willTake is how long the batch under way takes in all: as batches did before
// it, and more and more as its own share that is written says.
func (m *meter) willTake(now time.Time, bytes int64, written float64) time.Duration {
	before := max(m.takes(bytes), now.Sub(m.begun))
	if written <= 0 || m.writing.IsZero() {
		return before
	}
	weight := min(1, written/told)
	itself := float64(m.writing.Sub(m.begun)) + float64(now.Sub(m.writing))/written
	return time.Duration(float64(before)*(1-weight) + itself*weight)
}
