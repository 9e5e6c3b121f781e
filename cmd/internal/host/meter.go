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
	from      uint64    // last migrated segment before it
	slowed    bool      // it was held back: nothing to learn from it
	sustained int64     // bytes of the log in a second; 0 = not known

	lanes [segment.MaxDevices + 1]lane
}

// lane is what is measured of one backing.
type lane struct {
	begun     time.Time // of its writes in this batch; zero = none under way
	bytes     int64     // of those that have started
	ops       int       // how many have
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
		l.begun, l.bytes, l.ops = now, 0, 0
	}
	l.bytes += int64(len(op.Buf))
	l.ops++
}

// lanesDone looks which backings have done their part of the batch.
func (m *meter) lanesDone(now time.Time, busy func(blockdev.Dev) bool) {
	for i := range m.lanes {
		l := &m.lanes[i]
		if l.begun.IsZero() || busy(blockdev.Dev(i)) {
			continue
		}
		if took := now.Sub(l.begun).Seconds(); took > 0 && !m.slowed && tells(l.ops, l.bytes) {
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

// tells is whether so many writes, of so many bytes together, are enough to say
// how fast a backing is: a few small ones say how long one takes.
func tells(ops int, bytes int64) bool { return ops >= 64 || bytes >= 4<<20 }

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

// told is the share of a backing's writes from which it tells by itself how
// long they take.
const told = 0.2

// willTake is how long the batch under way takes in all: as batches did before
// it, and more and more as what is written says; the slowest backing counts.
func (m *meter) willTake(now time.Time, bytes int64, progress progressOf) time.Duration {
	before := max(m.takes(bytes), now.Sub(m.begun))
	slowest, weight := 0., 0.
	for i := range m.lanes {
		l := &m.lanes[i]
		if l.begun.IsZero() {
			continue
		}
		if done, all := progress(blockdev.Dev(i)); done > 0 {
			share := float64(done) / float64(all)
			if t := float64(l.begun.Sub(m.begun)) + float64(now.Sub(l.begun))/share; t > slowest {
				slowest, weight = t, min(1, share/told)
			}
		}
	}
	return time.Duration(float64(before)*(1-weight) + slowest*weight)
}

// progressOf is [migrate.Migrator.Progress].
type progressOf func(blockdev.Dev) (done, all int)

// speed is what a backing sustains, in bytes/s: in the batch under way, once
// that tells, else as before. 0 = not known.
func (m *meter) speed(now time.Time, dev blockdev.Dev, progress progressOf) int64 {
	l := &m.lanes[dev]
	if l.begun.IsZero() || m.slowed || l.ops == 0 {
		return l.sustained
	}
	done, _ := progress(dev)
	bytes := float64(done) * float64(l.bytes) / float64(l.ops)
	if !tells(done, int64(bytes)) {
		return l.sustained
	}
	return int64(bytes / now.Sub(l.begun).Seconds())
}
