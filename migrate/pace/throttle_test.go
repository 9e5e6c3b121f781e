package pace

import (
	"testing"
	"time"
)

func TestThrottle(t *testing.T) {
	for _, c := range []struct {
		slowed     bool
		fill, mark float64
		want       bool
	}{
		{false, 0.74, 0.75, false}, {false, 0.75, 0.75, true}, {true, 0.5, 0.75, true}, {true, 0.375, 0.75, false}, {true, 1, 1, false},
	} {
		if got := throttled(c.slowed, c.fill, c.mark); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// A flood against a backing that frees half of a log of 64 MiB in 2 s: once the
// log is full, writers get what the backing frees, no tenth of a second is
// without progress, and none has several times the mean.
func TestAdmitIsSmooth(t *testing.T) {
	const log, batch, took, tick = 64 << 20, 32 << 20, 2.0, 0.01
	used, left, admitted, tenth := int64(log*3/4), took, int64(0), int64(0)
	var low, high int64 = 1 << 60, 0
	for i := range 100 * 60 {
		n := int64(tick * float64(admitRate(log-used, forecast{time.Duration(left * float64(time.Second)), batch / took})))
		n = min(n, log-used)
		used, left, admitted, tenth = used+n, left-tick, admitted+n, tenth+n
		if left <= 0 {
			used, left = used-batch, took
		}
		if i%10 == 9 {
			if i > 1000 {
				low, high = min(low, tenth), max(high, tenth)
			}
			tenth = 0
		}
	}
	mean := float64(batch / took)
	if got := float64(admitted) / 60; got < 0.95*mean || got > 1.05*mean {
		t.Errorf("%.1f MiB/s admitted, %.1f are freed", got/(1<<20), mean/(1<<20))
	}
	if float64(low) < 0.03*mean || float64(high) > 0.16*mean {
		t.Errorf("tenths of a second between %d and %d KiB, the mean is %d", low>>10, high>>10, int(mean)/10>>10)
	}
}

func TestDivide(t *testing.T) {
	for _, c := range []struct {
		name    string
		budget  int64
		demands []demand
		want    []int64
	}{
		{"alone", 1000, []demand{{sustained: 5, backlogged: true}}, []int64{1000}},
		{"nobody", 1000, []demand{{sustained: 5}}, []int64{0}},
		{"who wants nothing gets nothing", 1000, []demand{{sustained: 5, backlogged: true}, {sustained: 100}}, []int64{1000, 0}},
		{"equals", 1000, []demand{{sustained: 7, backlogged: true}, {sustained: 7, backlogged: true}}, []int64{500, 500}},
		{"a slow one a little less than its backing sustains", 10550, []demand{{sustained: 1, backlogged: true}, {sustained: 10, backlogged: true}}, []int64{550, 10000}},
		{"one over its quota no more than it was granted", 10550, []demand{{sustained: 1, backlogged: true, over: true, grant: 100}, {sustained: 10, backlogged: true}}, []int64{100, 10000}},
		{"nothing known", 1000, []demand{{backlogged: true}, {backlogged: true}}, []int64{500, 500}},
		{"one not known", 300, []demand{{sustained: 10, backlogged: true}, {sustained: 20, backlogged: true}, {backlogged: true}}, []int64{55, 147, 96}},
	} {
		divide(c.budget, 0, c.demands)
		for i, want := range c.want {
			if got := c.demands[i].grant; got != want {
				t.Errorf("%s: demand %d got %d, want %d", c.name, i, got, want)
			}
		}
	}
}

func TestOverQuota(t *testing.T) {
	const m = 1 << 20
	for _, c := range []struct {
		name    string
		flood   bool
		demands []demand
		want    []bool
		grant   []int64
	}{
		{"alone", true, []demand{{sustained: 1, dirty: 5000}, {sustained: 10}}, []bool{false, false}, nil},
		{"a slow one, in its part", false, []demand{{sustained: 10 * m, dirty: 57}, {sustained: 100 * m, dirty: 900}}, []bool{false, false}, nil},
		{"a slow one, beyond it", false, []demand{{sustained: 10 * m, dirty: 58}, {sustained: 100 * m, dirty: 10}}, []bool{true, false}, []int64{10 * m, 200 * m}},
		{"a slow one, in its part of a flood", true, []demand{{sustained: 10 * m, dirty: 57}, {sustained: 100 * m, dirty: 900}}, []bool{true, false}, []int64{20 * m, 200 * m}},
		{"a slow one, beyond it in a flood", true, []demand{{sustained: 10 * m, dirty: 58}, {sustained: 100 * m, dirty: 10}}, []bool{true, false}, []int64{10 * m, 200 * m}},
		{"about as fast, in a flood", true, []demand{{sustained: 90 * m, dirty: 300}, {sustained: 100 * m, dirty: 300}}, []bool{false, false}, nil},
		{"nothing known: halves", true, []demand{{dirty: 551}, {dirty: 549}}, []bool{true, false}, []int64{2 * leastRate, 2 * leastRate}},
		{"next to nothing is sustained", false, []demand{{sustained: 1, dirty: 551}, {sustained: m, dirty: 549}}, []bool{true, false}, []int64{2 * leastRate, 2 * m}},
	} {
		any := overQuota(1100, 2*time.Second, c.flood, c.demands)
		wantAny := false
		for i, want := range c.want {
			wantAny = wantAny || want
			if d := c.demands[i]; d.over != want || c.grant != nil && d.grant != c.grant[i] {
				t.Errorf("%s: demand %d: %+v, want %v", c.name, i, d, want)
			}
		}
		if any != wantAny {
			t.Errorf("%s: any %v", c.name, any)
		}
	}
}

// TestNobodyStarves: a device whose writes wait gets the least in a flood too,
// however little its backing sustains beside another's.
func TestNobodyStarves(t *testing.T) {
	const m = 1 << 20
	for _, c := range []struct {
		name       string
		slow, fast int64
		drains     int64 // of the log
		closed     int
	}{
		{"400 KiB/s beside 2 GiB/s", 400 << 10, 2048 * m, 800 << 10, 90},
		{"the same, nearly full", 400 << 10, 2048 * m, 1 * m, 98},
		{"20 KiB/s beside 150 MiB/s", 20 << 10, 150 * m, 256 << 10, 90},
		{"1 MiB/s beside 500 MiB/s", 1 * m, 500 * m, 1 * m, 90},
	} {
		var th throttle
		th.granted, th.flooded = longAgo, longAgo
		in := &Inputs{Settings: &Settings{Watermark: 0.75}, Log: Log{Slots: 100, Segment: m, Closed: c.closed}}
		var got [2]int64
		now := time.Duration(0)
		for range 60 * time.Second / grantEvery {
			now += grantEvery
			th.demands = append(th.demands[:0], demand{sustained: c.slow, backlogged: true, dirty: 50 * m}, demand{sustained: c.fast, backlogged: true, dirty: 40 * m})
			for i, credit := range th.grant(now, in, true, forecast{10 * time.Second, c.drains}) {
				got[i] += credit.Bytes
			}
		}
		if least := int64(leastRate * 60 * 95 / 100); got[0] < least || got[1] < least || got[0] > got[1] {
			t.Errorf("%s: %d and %d bytes in a minute, the least is %d", c.name, got[0], got[1], least)
		}
	}
}
