package pace

import (
	"strings"
	"testing"
	"time"
)

// snap is a log of 100 segments of 1 MiB, 30 of which are closed and dirty, on
// idle backings, changed as a row of the table says.
func snap(change func(*Snapshot)) *Snapshot {
	s := &Snapshot{
		Knobs:    Knobs{RateMinimum: 4 << 20},
		Measured: true, Loads: []Load{{5, 0, 70}, {6, 0, 70}},
		Slots: 100, Closed: 30, Segment: 1 << 20, Fill: 0.3, Dirty: 0.3, Age: time.Minute, Sustained: 10 << 20, Auto: 8 << 20,
	}
	change(s)
	return s
}

func busy(s *Snapshot)       { s.Loads = []Load{{5, 10, 70}, {6, 71, 70}} }
func unmeasured(s *Snapshot) { s.Measured, s.Loads = false, nil }

func TestDecide(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Snapshot)
		want   Decision
	}{
		{"idle backings", func(*Snapshot) {}, Decision{Segments: 50, Reason: Idle}},
		{"a backing at its threshold", func(s *Snapshot) { s.Loads[1].Busy = 70 }, Decision{Segments: 50, Depth: 1, Reason: Allowed}},
		{"a backing above its threshold", busy, Decision{Reason: BackingBusy}},
		{"threshold 0, and not a request of others", func(s *Snapshot) { s.Loads[0].Threshold = 0 }, Decision{Segments: 50, Reason: Idle}},
		{"no daemon, not allowed", unmeasured, Decision{Reason: NotAllowed}},
		{"no daemon, allowed", func(s *Snapshot) { unmeasured(s); s.Allow = true }, Decision{Segments: 50, Reason: Allowed}},
		{"the daemon's word is the last", func(s *Snapshot) { busy(s); s.Allow = true }, Decision{Reason: BackingBusy}},

		{"forced, though busy", func(s *Snapshot) { busy(s); s.Force = true }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: Forced}},
		{"forced, though nothing is allowed", func(s *Snapshot) { unmeasured(s); s.Force = true }, Decision{Segments: 50, Reason: Forced}},
		{"a drain, though busy", func(s *Snapshot) { busy(s); s.Draining = true }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: Draining}},
		{"a drain, though stopped", func(s *Snapshot) { s.Stopped, s.Draining = true, true }, Decision{Segments: 50, Reason: Draining}},
		{"a drain knows no rate", func(s *Snapshot) { s.Draining, s.Rate = true, 1<<20 }, Decision{Segments: 50, Reason: Draining}},
		{"stopped", func(s *Snapshot) { s.Stopped = true }, Decision{Reason: Stopped}},
		{"stopped, though forced", func(s *Snapshot) { s.Stopped, s.Force = true, true }, Decision{Reason: Stopped}},
		{"stopped, though nearly full", func(s *Snapshot) { s.Stopped, s.Fill = true, 0.99 }, Decision{Reason: Stopped}},
		{"stopped, and writers stand still", func(s *Snapshot) { s.Stopped, s.Stuck = true, true }, Decision{Segments: 50, Reason: LogFull}},
		{"full, though busy", func(s *Snapshot) { busy(s); s.Stuck = true }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: LogFull}},

		{"urgent from a fill on", func(s *Snapshot) { busy(s); s.Fill = 0.7 }, Decision{Segments: 50, Depth: 1, Reason: Urgent}},
		{"not yet urgent", func(s *Snapshot) { busy(s); s.Fill = 0.69 }, Decision{Reason: BackingBusy}},
		{"urgent until it is calm", func(s *Snapshot) { busy(s); s.Fill, s.Last = 0.4, Urgent }, Decision{Segments: 50, Depth: 1, Reason: Urgent}},
		{"urgent after it was full", func(s *Snapshot) { busy(s); s.Fill, s.Last = 0.5, LogFull }, Decision{Segments: 50, Depth: 1, Reason: Urgent}},
		{"calm again", func(s *Snapshot) { busy(s); s.Fill, s.Last = 0.39, Urgent }, Decision{Reason: BackingBusy}},
		{"urgency knows no rate", func(s *Snapshot) { s.Fill, s.Rate = 0.8, 4096 }, Decision{Segments: 50, Reason: Urgent}},

		{"too old", func(s *Snapshot) { busy(s); s.MaxAge = time.Minute }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: TooOld}},
		{"30 MiB at 10 MiB/s: 3 s before its time", func(s *Snapshot) { busy(s); s.MaxAge = 63 * time.Second }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: TooOld}},
		{"and not earlier", func(s *Snapshot) { busy(s); s.MaxAge = 64 * time.Second }, Decision{Reason: BackingBusy}},
		{"half its time when nothing was measured", func(s *Snapshot) { busy(s); s.MaxAge, s.Sustained = 2*time.Minute, 0 }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: TooOld}},
		{"of an age that nobody knows", func(s *Snapshot) { busy(s); s.MaxAge, s.Age = time.Hour, Unknown }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: TooOld}},
		{"in the segment being filled", func(s *Snapshot) { s.Closed, s.MaxAge = 0, time.Second }, Decision{Segments: 50, Close: true, Reason: TooOld}},
		{"stopped, though too old", func(s *Snapshot) { s.Stopped, s.MaxAge = true, time.Second }, Decision{Reason: Stopped}},

		{"users seen since they were measured", func(s *Snapshot) { s.Shared = true }, Decision{Segments: 50, Depth: 1, Reason: Allowed}},
		{"users seen, no daemon", func(s *Snapshot) { unmeasured(s); s.Allow, s.Shared = true, true }, Decision{Segments: 50, Depth: 1, Reason: Allowed}},
		{"urgent, and users seen", func(s *Snapshot) { unmeasured(s); s.Shared, s.Fill = true, 0.7 }, Decision{Segments: 50, Depth: 1, Reason: Urgent}},
		{"urgent, and writers wait too", func(s *Snapshot) { s.Shared, s.Slowed, s.Fill = true, true, 0.8 }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: Urgent}},
		{"writers wait for a slot, users for the disk", func(s *Snapshot) { s.Shared, s.Stuck = true, true }, Decision{Segments: 50, Depth: 32, Slices: true, Reason: LogFull}},
		{"writers wait, and there are no users", func(s *Snapshot) { s.Slowed, s.Fill = true, 0.8 }, Decision{Segments: 50, Reason: Urgent}},

		{"below the dirty share", func(s *Snapshot) { s.Percent = 31 }, Decision{Reason: BelowPercent}},
		{"at the dirty share", func(s *Snapshot) { s.Percent = 30 }, Decision{Segments: 50, Reason: Idle}},
		{"too young", func(s *Snapshot) { s.Delay = 61 * time.Second }, Decision{Reason: TooYoung}},
		{"old enough", func(s *Snapshot) { s.Delay = time.Minute }, Decision{Segments: 50, Reason: Idle}},

		{"the chosen rate", func(s *Snapshot) { s.Percent, s.Loads[0].Busy = 10, 20 }, Decision{Segments: 50, Rate: 8 << 20, Depth: 1, Reason: Allowed}},
		{"a low one has small batches", func(s *Snapshot) { s.Percent, s.Loads[0].Busy, s.Auto = 10, 20, 1<<20 }, Decision{Segments: 30, Rate: 1 << 20, Depth: 1, Reason: Allowed}},
		{"but never less than a segment", func(s *Snapshot) { s.Percent, s.Loads[0].Busy, s.Auto = 10, 20, 1 }, Decision{Segments: 1, Rate: 1, Depth: 1, Reason: Allowed}},
		{"full speed on idle backings", func(s *Snapshot) { s.Percent = 10 }, Decision{Segments: 50, Reason: Idle}},
		{"a rate by hand, on idle backings too", func(s *Snapshot) { s.Rate = 2 << 20 }, Decision{Segments: 50, Rate: 2 << 20, Reason: Idle}},

		{"nr_batched_migration", func(s *Snapshot) { s.Batch = 7 }, Decision{Segments: 7, Reason: Idle}},
		{"nr_batched_migration when full", func(s *Snapshot) { s.Batch, s.Stuck = 7, true }, Decision{Segments: 7, Reason: LogFull}},
		{"the smallest ring", func(s *Snapshot) { s.Slots = 1 }, Decision{Segments: 1, Reason: Idle}},
		{"nothing", func(s *Snapshot) { s.Closed, s.Dirty, s.Fill = 0, 0, 0 }, Decision{Segments: 50, Reason: NothingDirty}},
		{"only the segment being filled", func(s *Snapshot) { s.Closed, s.Fill = 0, 0 }, Decision{Segments: 50, Reason: OnlyOpen}},
	} {
		s := snap(c.change)
		got := decide(s)
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if again := decide(s); again != got {
			t.Errorf("%s: %+v, then %+v: it is no function", c.name, got, again)
		}
		if w := got.Words(s); w == "" || strings.Contains(w, "decided") || strings.Contains(w, "%!") {
			t.Errorf("%s: %q", c.name, w)
		}
	}
}

// A batch under way must not stop and go: whatever the fill, more of it never
// makes migration slower.
func TestFillOnlyHurries(t *testing.T) {
	for _, change := range []func(*Snapshot){busy, unmeasured, func(*Snapshot) {}, func(s *Snapshot) { s.Rate = 4096 }} {
		went := false
		for fill := range 101 {
			s := snap(change)
			s.Fill, s.Closed = float64(fill)/100, fill
			d := decide(s)
			if goes := d.Segments > 0 && d.Rate == 0; went && !goes {
				t.Fatalf("at %d%% it goes slower than below", fill)
			} else {
				went = goes
			}
		}
	}
}

// What the state says is what was decided last, and before that it says so.
func TestStateOfThePacer(t *testing.T) {
	m := newModel(floodSettings(), &disk{speed: 20 * mib, offer: modelSSD})
	if s := m.p.State(); s.Words() != "not yet decided" {
		t.Errorf("before the first step: %q", s.Words())
	}
	m.run(20 * time.Second)
	s := m.p.State()
	if again := decide(&s.Snapshot); again != s.Decision {
		t.Errorf("decided %+v from what leads to %+v", s.Decision, again)
	}
	if s.Admit == 0 || s.Words() != s.Decision.Words(&s.Snapshot) {
		t.Errorf("in a flood writers get all they want: %+v, %q", s, s.Words())
	}
}

// Where the fill decides, or would, the words name it.
func TestWordsNameTheFill(t *testing.T) {
	s := &Snapshot{Fill: 0.72}
	for _, r := range []Reason{NotAllowed, Urgent} {
		if got := (&Decision{Reason: r}).Words(s); !strings.Contains(got, "70%") || !strings.Contains(got, "72%") {
			t.Error(got)
		}
	}
}
