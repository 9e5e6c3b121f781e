package host

import (
	"errors"
	"testing"
	"time"
)

// TestP8SleepIsNoticed: once for each sleep, however short the waking.
func TestP8SleepIsNoticed(t *testing.T) {
	var boot, monotonic time.Duration
	var broken error
	s := sleeps{clocks: func() (time.Duration, time.Duration, error) { return boot, monotonic, broken }}
	now := time.Unix(1, 0)
	for i, step := range []struct {
		awake, asleep time.Duration
		err           error
		want          bool
	}{
		{time.Second, time.Hour, nil, false}, // asleep before it was asked first
		{time.Second, 0, nil, false},
		{time.Second, time.Second, nil, true},
		{time.Second, 0, nil, false},
		{time.Millisecond, time.Minute, nil, false}, // not looked at yet
		{time.Second, 0, nil, true},
		{time.Second, time.Millisecond, nil, false},
		{time.Second, time.Minute, errors.New("no clock"), false},
		{time.Second, 0, nil, true},
	} {
		now = now.Add(step.awake)
		monotonic += step.awake
		boot += step.awake + step.asleep
		broken = step.err
		if got := s.slept(now); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
	if b, m, err := readClocks(); err != nil || b == 0 || m == 0 {
		t.Errorf("the clocks say %v and %v: %v", b, m, err)
	}
}
