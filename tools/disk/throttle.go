package disk

import "time"

// burst is how far a throttle lets a writer run ahead of the rate: enough to
// make up for a writer or a server that was off the CPU for a moment, too little
// to show in a measurement of seconds.
const burst = 50 * time.Millisecond

// throttle is a token bucket in absolute time. Its debt does not depend on
// when it is asked to look, so late wake-ups cost latency and never rate.
type throttle struct {
	perByte, perOp float64       // in nanoseconds
	bytes, ops     time.Duration // when the last admitted write is paid for
}

func newThrottle(bps, iops int64) *throttle {
	t := &throttle{}
	if bps > 0 {
		t.perByte = float64(time.Second) / float64(bps)
	}
	if iops > 0 {
		t.perOp = float64(time.Second) / float64(iops)
	}
	return t
}

// admit charges a write of n bytes and returns when it may complete.
func (t *throttle) admit(now time.Duration, n int) time.Duration {
	floor := now - burst
	t.bytes = max(t.bytes, floor) + time.Duration(float64(n)*t.perByte)
	t.ops = max(t.ops, floor) + time.Duration(t.perOp)
	return max(now, t.bytes, t.ops)
}
