package pace

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
)

const (
	// defaultRate is what a log is taken to free in a second before it was
	// measured.
	defaultRate = 8 << 20
	// minBatch is the least share of the log that a batch must have to say how
	// fast the log migrates: a few segments say nothing of what large batches do.
	minBatch = 1. / 16
	// minShare is the share of a backing's writes from which it tells by itself
	// how long they take.
	minShare = 0.2
)

// meter measures what the backings sustain: bytes of the log freed, and bytes
// written to each, in the time that batches took at full speed.
type meter struct {
	batch     bool          // one is under way
	begun     time.Duration // when that began
	from      uint64        // last migrated segment before it
	slowed    bool          // it was held back: nothing to learn from it
	sustained int64         // bytes of the log in a second; 0 = not known

	backings [segment.MaxDevices + 1]backingMeter
}

// backingMeter is what is measured of one backing.
type backingMeter struct {
	writing   bool          // writes of the batch are under way
	begun     time.Duration // when the first of them was
	bytes     int64         // of those that have started
	ops       int           // how many have
	sustained int64         // bytes in a second; 0 = not known
}

// begin takes note of a batch.
func (m *meter) begin(now time.Duration, lastMigrated uint64) {
	m.batch, m.begun, m.from, m.slowed = true, now, lastMigrated, false
}

// wrote takes note of a write to a backing that is about to start.
func (m *meter) wrote(now time.Duration, dev uint8, n int) {
	b := &m.backings[dev]
	if !b.writing {
		b.writing, b.begun, b.bytes, b.ops = true, now, 0, 0
	}
	b.bytes += int64(n)
	b.ops++
}

// look sees which backings have done their part of the batch. One that is gone
// has not done it, and says nothing.
func (m *meter) look(now time.Duration, devices []Device) {
	for i := range devices {
		b := &m.backings[devices[i].ID]
		if !b.writing || devices[i].Busy {
			continue
		}
		if took := (now - b.begun).Seconds(); took > 0 && !m.slowed && significant(b.ops, b.bytes) {
			b.sustained = ewma(b.sustained, float64(b.bytes)/took, 0.5)
		}
		b.writing = false
	}
}

// end takes note that the batch has ended.
func (m *meter) end(now time.Duration, log *Log) {
	share := float64(log.LastMigrated-m.from) / float64(log.Slots)
	if took := (now - m.begun).Seconds(); took > 0 && share > minBatch && !m.slowed {
		m.sustained = ewma(m.sustained, share*float64(log.bytes())/took, min(0.5, share))
	}
	m.batch = false
	for i := range m.backings {
		m.backings[i].writing = false
	}
}

// significant is whether so many writes, of so many bytes together, are enough
// to say how fast a backing is: a few small ones say how long one takes.
func significant(ops int, bytes int64) bool { return ops >= 64 || bytes >= 4<<20 }

// ewma is an exponentially weighted moving average; 0 = nothing was measured yet.
func ewma(old int64, measured, weight float64) int64 {
	if old == 0 {
		return int64(measured)
	}
	return int64(float64(old)*(1-weight) + measured*weight)
}

// rate is how much of the log a second frees, measured or by default.
func (m *meter) rate() int64 {
	if m.sustained <= 0 {
		return defaultRate
	}
	return m.sustained
}

// takes is how long so many bytes of the log take to be freed.
func (m *meter) takes(bytes int64) time.Duration {
	return time.Duration(float64(bytes) / float64(m.rate()) * float64(time.Second))
}

// willTake is how long the batch under way takes in all: as batches did before
// it, and more and more as what is written says; the slowest backing counts.
func (m *meter) willTake(now time.Duration, bytes int64, devices []Device) time.Duration {
	before := max(m.takes(bytes), now-m.begun)
	slowest, weight := 0., 0.
	for i := range devices {
		d := &devices[i]
		b := &m.backings[d.ID]
		if !b.writing || d.Done == 0 {
			continue
		}
		share := float64(d.Done) / float64(d.Writes)
		if t := float64(b.begun-m.begun) + float64(now-b.begun)/share; t > slowest {
			slowest, weight = t, min(1, share/minShare)
		}
	}
	return time.Duration(float64(before)*(1-weight) + slowest*weight)
}

// speed is what a backing sustains, in bytes/s: in the batch under way, once
// that tells, else as before. 0 = not known.
func (m *meter) speed(now time.Duration, d *Device) int64 {
	b := &m.backings[d.ID]
	if !b.writing || m.slowed || b.ops == 0 {
		return b.sustained
	}
	bytes := float64(d.Done) * float64(b.bytes) / float64(b.ops)
	if !significant(d.Done, int64(bytes)) {
		return b.sustained
	}
	return int64(bytes / (now - b.begun).Seconds())
}
