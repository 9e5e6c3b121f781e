package disk

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// drive keeps depth requests in the queue, in virtual time, until the clock
// passes the end, and returns how many completed.
func drive(q queue, depth int, end time.Duration, make func() *request) int {
	var now time.Duration
	arrival := uint64(0)
	add := func() {
		r := make()
		arrival++
		r.arrival = arrival
		q.add(now, r)
	}
	for range depth {
		add()
	}
	for done := 0; ; done++ {
		at, ok := q.next()
		if !ok || at > end {
			return done
		}
		now = max(now, at)
		q.take()
		add()
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*want {
		t.Errorf("%s: %.1f, want %.1f within %.0f %%", what, got, want, tolerance*100)
	}
}

func writes(length int, size int64, random *rand.Rand) func() *request {
	next := int64(0)
	return func() *request {
		r := &request{op: opWrite, length: length, data: make([]byte, length), off: next}
		if random != nil {
			r.off = random.Int64N(size/int64(length)) * int64(length)
		}
		next += int64(length)
		return r
	}
}

func TestThrottleIsAccurate(t *testing.T) {
	const seconds = 10
	c := Config{Size: 1 << 30, WriteBPS: 60e6, WriteIOPS: 5000, Latency: 60 * time.Microsecond}
	for _, depth := range []int{1, 16} {
		small := drive(newQueue(c), depth, seconds*time.Second, writes(4096, c.Size, nil))
		near(t, "writes of 4 KiB a second", float64(small)/seconds, 5000, 0.01)
		large := drive(newQueue(c), depth, seconds*time.Second, writes(128<<10, c.Size, nil))
		near(t, "MB/s in writes of 128 KiB", float64(large)*(128<<10)/1e6/seconds, 60, 0.01)
	}
}

// TestThrottleForgetsIdleTime: a second of rest earns one burst, no more.
func TestThrottleForgetsIdleTime(t *testing.T) {
	limit := newThrottle(0, 1000)
	at := time.Duration(0)
	for range 100 {
		at = limit.admit(time.Hour, 4096)
	}
	near(t, "100 writes after an hour, in ms", float64((at-time.Hour)/time.Millisecond), 50, 0.02)
}

func TestSolidIsParallel(t *testing.T) {
	c := Config{Size: 1 << 30, Latency: time.Millisecond}
	near(t, "depth 8 at 1 ms", float64(drive(newQueue(c), 8, time.Second, writes(4096, c.Size, nil))), 8000, 0.01)
}

// TestArm checks the orders of magnitude of a 7200 rpm disk.
func TestArm(t *testing.T) {
	c := Config{Size: 4 << 30, Arm: true}.withDefaults()
	random := rand.New(rand.NewPCG(1, 1))
	seconds := 20
	end := time.Duration(seconds) * time.Second
	one := drive(newQueue(c), 1, end, writes(4096, c.Size, random)) / seconds
	deep := drive(newQueue(c), 32, end, writes(4096, c.Size, random)) / seconds
	sequential := drive(newQueue(c), 1, end, writes(128<<10, c.Size, nil)) / seconds
	near(t, "random writes a second, one at a time", float64(one), 105, 0.15)
	if deep < one*3/2 {
		t.Errorf("a queue of 32 gives %d a second, one at a time %d: sorting should pay", deep, one)
	}
	near(t, "sequential MB/s", float64(sequential)*(128<<10)/1e6, 150, 0.02)
}

// TestElevator: waiting requests are served upwards from the head, then from
// the lowest.
func TestElevator(t *testing.T) {
	q := newQueue(Config{Size: 1 << 30, Arm: true}.withDefaults())
	for _, off := range []int64{500 << 20, 900 << 20, 100 << 20, 600 << 20, 200 << 20} {
		q.add(0, &request{op: opRead, off: off, length: 4096})
	}
	for i, want := range []int64{500, 600, 900, 100, 200} {
		if got := q.take().off >> 20; got != want {
			t.Errorf("request %d is at %d MiB, want %d", i, got, want)
		}
	}
}

// TestFlushDoesNotMoveTheArm: its cost is its latency, whatever waits.
func TestFlushDoesNotMoveTheArm(t *testing.T) {
	q := newQueue(Config{Size: 1 << 30, Arm: true, FlushLatency: time.Millisecond}.withDefaults())
	q.add(0, &request{op: opRead, off: 500 << 20, length: 4096})
	q.add(0, &request{op: opFlush})
	if at, _ := q.next(); at != time.Millisecond || q.take().op != opFlush {
		t.Errorf("the flush is due at %v", at)
	}
}
