package pace

import (
	"testing"
	"time"
)

func TestCutoff(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name                  string
		readLimit, writeLimit time.Duration
		read, write           time.Duration
		low, high             uint64
	}{
		{"no limit", 0, 0, time.Second, time.Second, 0, 0},
		{"very slow", 0, 20 * ms, 0, time.Second, shortest, shortest},
		{"fast", 0, 20 * ms, 0, 10 * ms, 0, 0},
		{"at the limit", 0, 20 * ms, 0, 20 * ms, 0, 0},
		{"twice as slow", 0, 20 * ms, 0, 40 * ms, longest / 2, longest / 2},
		{"slow reads without a limit", 0, 20 * ms, time.Second, 40 * ms, longest / 2, longest / 2},
		{"slow reads", ms, 20 * ms, time.Second, 40 * ms, shortest, shortest},
		{"nothing measured", ms, ms, 0, 0, 0, 0},
	} {
		s := Settings{CongestedRead: c.readLimit, CongestedWrite: c.writeLimit}
		if n := s.Cutoff(Latency{Read: c.read, Write: c.write}); n < c.low || n > c.high {
			t.Errorf("%s: streams from %d bytes on bypass the log, want %d to %d", c.name, n, c.low, c.high)
		}
		if s.MeasuresLatency() != (c.readLimit > 0 || c.writeLimit > 0) {
			t.Errorf("%s: it measures: %v", c.name, s.MeasuresLatency())
		}
	}
}

// One measurement that is an exception neither makes a device congested nor
// ends that.
func TestLatencyIsSmooth(t *testing.T) {
	l := Smooth(0, 8*time.Millisecond)
	if l != 8*time.Millisecond {
		t.Errorf("the first: %v", l)
	}
	if l = Smooth(l, 16*time.Millisecond); l != 9*time.Millisecond {
		t.Errorf("one of 16 ms: %v", l)
	}
	for range 100 {
		l = Smooth(l, time.Millisecond)
	}
	if l > 1001*time.Microsecond {
		t.Errorf("a hundred of 1 ms: %v", l)
	}
}

// When all goes past the log, nothing is measured, and what was is forgotten by
// and by.
func TestCongestionEnds(t *testing.T) {
	p := New()
	in := &Inputs{Settings: &Settings{Watermark: 1, CongestedWrite: time.Millisecond}, Log: Log{Slots: 4, Segment: 1 << 20}}
	in.Latency = Latency{Write: 3 * time.Millisecond, Fresh: true}
	if o := p.Step(0, in); o.Cutoff != longest/3 || o.Forget {
		t.Fatalf("three times too slow: %+v", o)
	}
	in.Latency.Fresh = false
	for i := 1; i <= 20; i++ {
		o := p.Step(time.Duration(i)*latencyAge/8, in)
		if o.Forget != (i%8 == 0) {
			t.Fatalf("after %d eighths of a second it forgets: %v", i, o.Forget)
		}
		if o.Forget {
			in.Latency.Write /= 2
		}
		if on := o.Cutoff > 0; on != (i < 16) {
			t.Fatalf("after %d eighths of a second streams from %d bytes on bypass the log", i, o.Cutoff)
		}
	}
}
