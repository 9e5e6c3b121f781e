package pace

import "time"

const (
	// longest is the stream that bypasses the log as soon as the cache device is
	// slower than its threshold, in bytes. At twice the threshold half of that
	// does, and so on, down to shortest: smaller pieces are what the log is for.
	longest  = 1 << 20
	shortest = 64 << 10

	// latencyAge is how long a latency counts for when nothing new is measured.
	latencyAge = time.Second
	// latencyWeight is that of one measurement, as one part of so many.
	latencyWeight = 8
)

// congestion lets streams bypass the log while the cache device takes longer
// than it should.
type congestion struct {
	ticked time.Duration // when what was measured was looked at, last
	fresh  bool          // something was measured since then
	cutoff uint64
}

// look decides which streams bypass the log. What was measured counts half if
// nothing has been for a while: what bypasses the log says nothing of the device.
func (c *congestion) look(now time.Duration, in *Inputs) (forget bool) {
	l := in.Latency
	c.fresh = c.fresh || l.Fresh
	if now-c.ticked >= latencyAge {
		c.ticked = now
		if forget = !c.fresh && c.cutoff > 0; forget {
			l.Read, l.Write = l.Read/2, l.Write/2
		}
		c.fresh = false
	}
	c.cutoff = in.Settings.Cutoff(l)
	return forget
}

// Smooth takes one more measurement into a latency.
func Smooth(old, measured time.Duration) time.Duration {
	if old == 0 {
		return measured
	}
	return old + (measured-old)/latencyWeight
}

// MeasuresLatency tells whether anything depends on the cache device's latency.
func (s *Settings) MeasuresLatency() bool { return s.CongestedRead > 0 || s.CongestedWrite > 0 }

// Cutoff is how long a stream must be, in bytes, to bypass a log whose device is
// as slow as that; 0 = none does.
func (s *Settings) Cutoff(l Latency) uint64 {
	n := min(cutoff(l.Read, s.CongestedRead), cutoff(l.Write, s.CongestedWrite))
	if n > longest {
		return 0
	}
	return n
}

// cutoff is the shortest stream that a latency lets past the log; more than
// longest if none.
func cutoff(latency, limit time.Duration) uint64 {
	if limit == 0 || latency <= limit {
		return longest + 1
	}
	return max(shortest, uint64(float64(longest)*float64(limit)/float64(latency)))
}
