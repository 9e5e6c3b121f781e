package migrate

import (
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

func TestThrottle(t *testing.T) {
	for _, c := range []struct {
		slowed     bool
		fill, mark float64
		want       bool
	}{
		{false, 0.74, 0.75, false}, {false, 0.75, 0.75, true}, {true, 0.5, 0.75, true}, {true, 0.375, 0.75, false}, {true, 1, 1, false},
	} {
		if got := Throttle(c.slowed, c.fill, c.mark); got != c.want {
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
		n := int64(tick * float64(Admit(log-used, time.Duration(left*float64(time.Second)), batch/took)))
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

func TestShare(t *testing.T) {
	for _, c := range []struct {
		name   string
		budget int64
		claims []Claim
		want   []int64
	}{
		{"alone", 1000, []Claim{{Weight: 5, Wants: true}}, []int64{1000}},
		{"nobody", 1000, []Claim{{Weight: 5}}, []int64{0}},
		{"who wants nothing gets nothing", 1000, []Claim{{Weight: 5, Wants: true}, {Weight: 100}}, []int64{1000, 0}},
		{"equals", 1000, []Claim{{Weight: 7, Wants: true}, {Weight: 7, Wants: true}}, []int64{500, 500}},
		{"a slow one a little less than its backing sustains", 10550, []Claim{{Weight: 1, Wants: true}, {Weight: 10, Wants: true}}, []int64{550, 10000}},
		{"one that crowds no more than it was granted", 10550, []Claim{{Weight: 1, Wants: true, Crowds: true, Grant: 100}, {Weight: 10, Wants: true}}, []int64{100, 10000}},
		{"nothing known", 1000, []Claim{{Wants: true}, {Wants: true}}, []int64{500, 500}},
		{"one not known", 300, []Claim{{Weight: 10, Wants: true}, {Weight: 20, Wants: true}, {Wants: true}}, []int64{55, 147, 96}},
	} {
		Share(c.budget, c.claims)
		for i, want := range c.want {
			if got := c.claims[i].Grant; got != want {
				t.Errorf("%s: claim %d got %d, want %d", c.name, i, got, want)
			}
		}
	}
}

func TestCrowd(t *testing.T) {
	for _, c := range []struct {
		name   string
		flood  bool
		claims []Claim
		want   []bool
		grant  []int64
	}{
		{"alone", true, []Claim{{Weight: 1, Dirty: 5000}, {Weight: 10}}, []bool{false, false}, nil},
		{"a slow one, in its part", false, []Claim{{Weight: 10, Dirty: 57}, {Weight: 100, Dirty: 900}}, []bool{false, false}, nil},
		{"a slow one, beyond it", false, []Claim{{Weight: 10, Dirty: 58}, {Weight: 100, Dirty: 10}}, []bool{true, false}, []int64{10, 200}},
		{"a slow one, in its part of a flood", true, []Claim{{Weight: 10, Dirty: 57}, {Weight: 100, Dirty: 900}}, []bool{true, false}, []int64{20, 200}},
		{"a slow one, beyond it in a flood", true, []Claim{{Weight: 10, Dirty: 58}, {Weight: 100, Dirty: 10}}, []bool{true, false}, []int64{10, 200}},
		{"about as fast, in a flood", true, []Claim{{Weight: 90, Dirty: 300}, {Weight: 100, Dirty: 300}}, []bool{false, false}, nil},
		{"nothing known: halves", true, []Claim{{Dirty: 551}, {Dirty: 549}}, []bool{true, false}, nil},
	} {
		any := Crowd(1100, 2*time.Second, c.flood, c.claims)
		wantAny := false
		for i, want := range c.want {
			wantAny = wantAny || want
			if cl := c.claims[i]; cl.Crowds != want || c.grant != nil && cl.Grant != c.grant[i] {
				t.Errorf("%s: claim %d: %+v, want %v", c.name, i, cl, want)
			}
		}
		if any != wantAny {
			t.Errorf("%s: any %v", c.name, any)
		}
	}
}

// lane makes n operations of 4 KiB on a device.
func (m *Migrator) lane(dev blockdev.Dev, n int) {
	m.devs = append(m.devs, dev)
	for range n {
		m.lanes.todo[dev]++
		m.queue = append(m.queue, &blockdev.Op{Kind: blockdev.Write, Dev: dev, Buf: make([]byte, 4096), Sink: m})
	}
}

// A slow backing has half of the depth and not all of it, and a limit is kept.
func TestLanes(t *testing.T) {
	m := &Migrator{src: &sorting{}, state: writing}
	m.lane(1, 1000)
	m.lane(2, 1000)
	count := func(ops []*blockdev.Op) (n [3]int) {
		for _, op := range ops {
			n[op.Dev]++
		}
		return n
	}
	if done, all := m.Progress(1); done+all != 0 {
		t.Fatalf("%d of %d before it has begun", done, all)
	}
	ops := m.Ops(nil)
	if got := count(ops); got != [3]int{0, maxDepth / 2, maxDepth / 2} {
		t.Fatalf("given out: %v", got)
	}
	if more := m.Ops(nil); len(more) != 0 {
		t.Fatalf("%d more than the depth", len(more))
	}
	for _, op := range ops {
		if op.Dev == 2 {
			m.Done(op, nil)
		}
	}
	if got := count(m.Ops(nil)); got != [3]int{0, 0, maxDepth / 2} {
		t.Fatalf("given out when device 1 does not move: %v", got)
	}
	if done, all := m.Progress(2); done != maxDepth/2 || all != 1000 {
		t.Fatalf("%d of %d done", done, all)
	}
	m.lanes.out, m.depth = [len(m.lanes.out)]int{}, 0
	m.Depth(2)
	if got := count(m.Ops(nil)); got != [3]int{0, 2, 2} {
		t.Fatalf("given out at depth 2: %v", got)
	}
	m.Depth(0)
	m.lanes.out, m.depth = [len(m.lanes.out)]int{}, 0
	m.Hold(1)
	if got := count(m.Ops(nil)); got != [3]int{0, 0, maxDepth / 2} {
		t.Fatalf("given out while device 1 is held: %v", got)
	}
	m.Release()
	m.lanes.out, m.depth = [len(m.lanes.out)]int{}, 0
	m.Limit(0)
	if more := m.Ops(nil); len(more) != 0 {
		t.Fatalf("%d operations at limit 0", len(more))
	}
	m.Limit(9000)
	if more := m.Ops(nil); len(more) != 3 || m.Left() != 9000-3*4096 {
		t.Fatalf("%d operations at limit 9000, %d left", len(more), m.Left())
	}
	m.Limit(Unlimited)
	if more := m.Ops(nil); len(more) == 0 || !m.Busy(1) || m.Left() != Unlimited {
		t.Fatal("nothing goes on without a limit")
	}
}
