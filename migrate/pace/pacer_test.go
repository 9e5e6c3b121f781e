package pace

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"
	"time"
)

// floodSettings let migration go, and slow writers from three quarters on.
func floodSettings() Settings { return Settings{Knobs: Knobs{Allow: true}, Watermark: 0.75} }

// A flood meets a log that has seen one before: it is never full again, nobody
// waits for long, and each device gets what its backing sustains.
func TestP9FloodIsSmooth(t *testing.T) {
	for _, speeds := range [][]int64{{50}, {8}, {50, 50}, {50, 8}, {100, 40, 10}, {4, 4, 4, 4}} {
		t.Run(fmt.Sprint(speeds), func(t *testing.T) {
			m := newModel(floodSettings())
			for _, s := range speeds {
				m.disks = append(m.disks, &disk{speed: s * mib, offer: modelSSD})
				m.in.Devices = append(m.in.Devices, Device{ID: uint8(len(m.disks))})
			}
			m.run(90 * time.Second) // the first flood fills the log before anything was measured
			full, before := m.stucks, make([]int64, len(m.disks))
			for i, d := range m.disks {
				before[i], d.waited, d.hungry = d.written, 0, m.now
			}
			m.run(60 * time.Second)
			if m.stucks > full {
				t.Errorf("the log was full for %d ms", m.stucks-full)
			}
			for i, d := range m.disks {
				got, want := float64(d.written-before[i])/60, float64(d.speed)
				if d.waited > time.Second || got < 0.3*want || got > 1.15*want {
					t.Errorf("device %d waited for %v at most, and writes %.1f of the %.1f MiB/s that its backing sustains", i+1, d.waited, got/mib, want/mib)
				}
			}
		})
	}
}

// Where all may write as they like, nobody is slowed, and the log fills up.
func TestWatermark100SlowsNobody(t *testing.T) {
	set := floodSettings()
	set.Watermark = 1
	m := newModel(set, &disk{speed: 20 * mib, offer: modelSSD}, &disk{speed: 4 * mib, offer: modelSSD})
	m.check = func(m *model, o *Orders) {
		for _, c := range o.Credit {
			if c.Slowed {
				t.Fatalf("at %v a writer is slowed", m.now)
			}
		}
	}
	m.run(20 * time.Second)
	if m.stucks == 0 {
		t.Error("the flood is no flood")
	}
}

// Before a backing that is dead, writers go on slowly until the log is full: what
// waits then waits in the cache, where it can be seen.
func TestP9DeadBackingStarvesNobody(t *testing.T) {
	d := &disk{offer: modelSSD}
	m := newModel(floodSettings(), d)
	for i := 0; i < 100 && m.stucks == 0; i++ {
		before := d.written
		m.run(time.Second)
		if n := d.written - before; m.stucks == 0 && n < minRate*9/10 {
			t.Fatalf("after %d s, with %d of 64 segments full, it writes %d KiB in a second", i, len(m.full), n>>10)
		}
	}
	if m.stucks == 0 {
		t.Errorf("%d of 64 segments are full", len(m.full))
	}
}

// Below the watermark, slowing writers gains nothing while nothing is migrated.
func TestNobodyIsSlowedForNothing(t *testing.T) {
	m := newModel(floodSettings(), &disk{speed: mib, offer: 4 * mib})
	m.fill(50)
	m.run(5 * time.Second)
	if !m.disks[0].slowed || len(m.full) < 33 {
		t.Fatalf("slowed: %v, with %d of 64 segments full", m.disks[0].slowed, len(m.full))
	}
	set := *m.in.Settings
	set.Stopped = true
	m.in.Settings = &set
	m.full = m.full[:min(len(m.full), 40)]
	m.batch = min(m.batch, len(m.full))
	m.disks[0].offer = 0
	m.run(time.Second)
	if m.disks[0].slowed {
		t.Errorf("slowed with %d of 64 segments full, though nothing is migrated", len(m.full))
	}
}

// What becomes free next is a batch, and no more than one may have.
func TestForecastOfTheNextBatch(t *testing.T) {
	m := newModel(floodSettings(), &disk{speed: mib})
	m.in.Batch.Most = 4
	m.fill(60)
	m.observe()
	m.p.last.Segments, m.p.meter.sustained = 32, 2*mib
	if got := m.p.forecast(0, &m.in); got != (forecast{2 * time.Second, 2 * mib}) {
		t.Errorf("4 MiB at 2 MiB/s: %+v", got)
	}
	m.p.last.Segments = 0
	if got := m.p.forecast(0, &m.in); got.in < maxSpread {
		t.Errorf("with nothing migrated: %+v", got)
	}
}

// A slow device that writes as fast as it can leaves the fast one its speed.
func TestSlowDeviceKeepsToItsQuota(t *testing.T) {
	m := newModel(floodSettings(), &disk{speed: 100 * mib, offer: 60 * mib}, &disk{speed: 5 * mib, offer: modelSSD})
	m.run(90 * time.Second)
	fast, from := m.disks[0], m.disks[0].written
	m.run(30 * time.Second)
	if got := float64(fast.written-from) / 30; got < 50*mib {
		t.Errorf("the fast one writes %.1f MiB/s of the 60 that it wants", got/mib)
	}
}

// When users are gone, all that is closed is migrated, whatever the knobs that
// only say how much may be dirty.
func TestP9IdleDrains(t *testing.T) {
	m := newModel(Settings{Measured: true, Loads: []Load{{Device: 1, Busy: 50, Threshold: 40}}, Watermark: 0.75}, &disk{speed: 10 * mib})
	m.fill(20)
	m.run(10 * time.Second)
	if m.began > 0 || m.last.Why != BackingBusy {
		t.Fatalf("the backing is busy, and %d batches begin: %v", m.began, m.last.Why)
	}
	set := *m.in.Settings
	set.Loads = []Load{{Device: 1, Threshold: 40}}
	m.in.Settings = &set
	m.run(5 * time.Second)
	if len(m.full) > 0 || m.last.Why != NothingDirty {
		t.Errorf("%d segments are left: %v", len(m.full), m.last.Why)
	}
}

// The rate that was set is kept to within a twentieth of a second's worth and
// one write, in every interval; and it is used.
func TestRateIsKept(t *testing.T) {
	const rate = 2 * mib
	set := floodSettings()
	set.Rate = rate
	m := newModel(set, &disk{speed: 50 * mib}, &disk{speed: 50 * mib})
	m.fill(30)
	var marks []int64
	for range 80 {
		marks = append(marks, m.drained())
		m.run(100 * time.Millisecond)
	}
	for i := range marks {
		for j := i + 1; j < len(marks); j++ {
			if n, most := marks[j]-marks[i], int64(j-i)*rate/10+rate/savedRate+modelOp; n > most {
				t.Fatalf("%d KiB in the %d tenths of a second from %d on, %d may go", n>>10, j-i, i, most>>10)
			}
		}
	}
	if n := marks[79]; n < 7*rate {
		t.Errorf("%d KiB in 8 seconds", n>>10)
	}
}

// Stopped means at once, in the middle of a batch; then it goes on.
func TestStoppedPausesABatch(t *testing.T) {
	set := floodSettings()
	m := newModel(set, &disk{speed: 10 * mib})
	m.fill(30)
	m.run(time.Second)
	stopped := set
	stopped.Stopped = true
	m.in.Settings = &stopped
	m.run(10 * time.Millisecond)
	from := m.drained()
	m.run(10 * time.Second)
	if n := m.drained() - from; n > 0 || m.batch == 0 {
		t.Errorf("%d KiB go on in a batch of %d segments", n>>10, m.batch)
	}
	m.in.Settings = &set
	m.run(3 * time.Second)
	if len(m.full) > 0 {
		t.Errorf("%d segments are left", len(m.full))
	}
}

// The dirty share ends near writeback_percent when the backing has time but users.
func TestPercentIsKept(t *testing.T) {
	set := Settings{Measured: true, Loads: []Load{{Device: 1, Busy: 20, Threshold: 70}}, Watermark: 0.75}
	set.Percent, set.RateMinimum = 25, 256<<10
	m := newModel(set, &disk{speed: 20 * mib, offer: 1 * mib})
	m.fill(30)
	m.check = func(m *model, o *Orders) {
		if dirty := 100 * m.in.Log.Dirty / m.in.Log.bytes(); dirty < 24 && (o.Batch > 0 || o.Why == Allowed) {
			t.Fatalf("at %v it goes on with %d%% dirty: %+v", m.now, dirty, o)
		}
	}
	m.run(10 * time.Minute)
	if dirty := 100 * m.in.Log.Dirty / m.in.Log.bytes(); dirty < 20 || dirty > 40 {
		t.Errorf("%d%% is dirty", dirty)
	}
}

// While both want a backing, each has half of the time, and nobody waits for
// more than a slice. Users count whether they are seen to read, or measured
// from outside.
func TestTimeslicesOfADrain(t *testing.T) {
	for name, users := range map[string]func(m *model){
		"reads through us": func(m *model) { m.in.Devices[0].Reading = true },
		"external":         func(m *model) { m.in.Settings.Loads = []Load{{Device: 1, Busy: 50}, {Device: 2, Busy: 1}} },
	} {
		m := newModel(floodSettings(), &disk{speed: 5 * mib}, &disk{speed: 5 * mib})
		users(m)
		m.in.Draining = true
		m.fill(60)
		longest := m.longestHold(0, 4000)
		if h := m.disks[0].held; h < 1900*time.Millisecond || h > 2100*time.Millisecond || longest > slice+time.Millisecond {
			t.Errorf("%s: of 4 s, the one with users was theirs for %v, %v in a row", name, h, longest)
		}
		if h := m.disks[1].held; h > 0 {
			t.Errorf("%s: the one without was held for %v", name, h)
		}
		if m.last.Depth != sliceDepth {
			t.Errorf("%s: depth %d", name, m.last.Depth)
		}
	}
}

// longestHold runs so many milliseconds, and returns how long a backing was
// held in a row.
func (m *model) longestHold(i, ms int) (longest time.Duration) {
	var row time.Duration
	for range ms {
		before := m.disks[i].held
		m.run(time.Millisecond)
		if row += time.Millisecond; m.disks[i].held == before {
			row = 0
		}
		longest = max(longest, row)
	}
	return longest
}

// After a failure there is a rest of a second, each time.
func TestRestAfterFailure(t *testing.T) {
	m := newModel(floodSettings(), &disk{speed: mib})
	m.fill(10)
	m.in.Batch.Failed = true
	var began []time.Duration
	m.check = func(m *model, o *Orders) {
		if o.Batch > 0 {
			began = append(began, m.now)
			m.full = nil // there is nothing to take: it fails again
		} else {
			m.full = make([][8]int64, 10)
		}
	}
	m.run(10*time.Second + time.Millisecond)
	if n := len(began); n < 5 || n > 10 {
		t.Errorf("batches at %v", began)
	}
}

// A cache that goes starts nothing, and holds nothing up.
func TestEnding(t *testing.T) {
	set := floodSettings()
	set.Rate = 1
	m := newModel(set, &disk{speed: 10 * mib})
	m.in.Devices[0].Reading = true
	m.fill(30)
	m.in.Draining = true
	m.run(time.Second)
	m.in.Ending, m.in.Draining = true, false
	began := m.began
	m.check = func(m *model, o *Orders) {
		if o.Batch > 0 || o.Ahead > 0 || o.Limit != Unlimited && m.p.Due(m.now, m.batch == 0) || o.Hold != (DeviceSet{}) {
			t.Fatalf("at its end: %+v", o)
		}
	}
	m.run(10 * time.Second)
	if m.batch > 0 || m.began > began {
		t.Errorf("a batch of %d segments is under way", m.batch)
	}
}

// Whatever happens, orders make sense, and what happens again leads to the same
// again.
func TestRandomInputs(t *testing.T) {
	for seed := range uint64(20) {
		if first, second := randomRun(t, seed), randomRun(t, seed); first != second {
			t.Fatalf("seed %d: it is no function of what happened", seed)
		}
	}
}

// randomRun returns a checksum of all orders.
func randomRun(t *testing.T, seed uint64) uint64 {
	r, sum := rand.New(rand.NewPCG(seed, 1)), fnv.New64()
	m := newModel(randomSettings(r))
	for range 1 + r.IntN(4) {
		m.disks = append(m.disks, &disk{speed: (1 + r.Int64N(100)) * mib, offer: r.Int64N(modelSSD)})
		m.in.Devices = append(m.in.Devices, Device{ID: uint8(len(m.disks))})
	}
	m.check = func(m *model, o *Orders) {
		sound(t, m, o)
		fmt.Fprint(sum, *o)
	}
	for range 20 {
		m.in.Draining, m.in.Batch.Failed = r.IntN(4) == 0, r.IntN(8) == 0
		m.in.Devices[r.IntN(len(m.disks))].Reading = r.IntN(2) == 0
		m.in.Latency = Latency{Read: time.Duration(r.IntN(1e7)), Write: time.Duration(r.IntN(1e7)), Fresh: true}
		if r.IntN(4) == 0 {
			set := randomSettings(r)
			m.in.Settings = &set
		}
		m.run(time.Duration(r.IntN(1000)) * time.Millisecond)
	}
	return sum.Sum64()
}

func randomSettings(r *rand.Rand) Settings {
	s := Settings{Measured: r.IntN(2) == 0, Watermark: float64(50+r.IntN(51)) / 100}
	s.Allow, s.Force, s.Stopped = r.IntN(2) == 0, r.IntN(4) == 0, r.IntN(8) == 0
	s.Batch, s.Percent = r.IntN(3)*r.IntN(20), r.IntN(2)*r.IntN(50)
	s.Delay, s.MaxAge = time.Duration(r.IntN(2)*r.IntN(1e9)), time.Duration(r.IntN(2)*r.IntN(1e10))
	s.Rate, s.RateMinimum = int64(r.IntN(2)*r.IntN(1e8)), int64(r.IntN(1e6))
	s.Loads = []Load{{Device: 1, Busy: r.IntN(100), Threshold: r.IntN(100)}}
	s.CongestedRead, s.CongestedWrite = time.Duration(r.IntN(2)*r.IntN(1e7)), time.Duration(r.IntN(2)*r.IntN(1e7))
	return s
}

// sound looks at orders by themselves.
func sound(t *testing.T, m *model, o *Orders) {
	t.Helper()
	switch log := &m.in.Log; {
	case o.Next <= 0 || o.Next > tick:
		t.Fatalf("the next step is in %v", o.Next)
	case o.Batch < 0 || o.Depth < 0:
		t.Fatalf("orders %+v", o)
	case o.Batch > 0 && m.in.Batch.Segments > 0:
		t.Fatalf("a batch is to start while one is under way")
	case o.Batch > 0 && !o.Why.Goes() && o.Why != NothingDirty || o.Batch > 0 && m.in.Settings.Stopped && !m.in.Draining && !log.Stuck:
		t.Fatalf("a batch starts, for %v", o.Why)
	case (m.in.Draining || log.Stuck) && m.p.Due(m.now, m.batch == 0) && o.Limit != Unlimited:
		t.Fatalf("what must go is limited to %d bytes, for %v", o.Limit, o.Why)
	case o.Credit != nil && len(o.Credit) != len(m.in.Devices):
		t.Fatalf("credit for %d of %d devices", len(o.Credit), len(m.in.Devices))
	case o.Cutoff != 0 && (o.Cutoff < shortest || o.Cutoff > longest):
		t.Fatalf("streams from %d bytes on bypass the log", o.Cutoff)
	}
	for _, c := range o.Credit {
		if c.Bytes < 0 || c.Slowed && (c.First != burst || c.Most != max(burst, saved*c.Bytes)) {
			t.Fatalf("credit %+v", c)
		}
	}
}

func TestDeviceSet(t *testing.T) {
	var s DeviceSet
	for _, id := range []uint8{1, 63, 64, 127} {
		if s.Has(id) {
			t.Errorf("%d is in an empty set", id)
		}
		s.Add(id)
	}
	for id := range uint8(128) {
		if s.Has(id) != (id == 1 || id == 63 || id == 64 || id == 127) {
			t.Errorf("%d: %v", id, s.Has(id))
		}
	}
}
