package diskload

import (
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	got, ok := parseStat("   10  2  300  4  50  6  700  8  0  1234  12  0 0 0 0 3 4\n")
	if want := (diskStat{reading: 4, written: 700, writing: 8, busy: 1234}); !ok || got != want {
		t.Errorf("got %+v, %v", got, ok)
	}
	for _, bad := range []string{"", "1 2 3", "1 2 3 x 5 6 7 8 9 10"} {
		if _, ok := parseStat(bad); ok {
			t.Errorf("took %q", bad)
		}
	}
}

// Each step is a second; what the disk and migration counted in it, and what
// others are said to have used.
func TestOthersLoad(t *testing.T) {
	const mib = 1 << 20
	type step struct {
		reading, writing, busy uint64 // ms
		written, own           uint64 // bytes
		waiting, want          int
	}
	for name, steps := range map[string][]step{
		"nothing":                        {{want: 0}},
		"only migration":                 {{writing: 50_000, busy: 1000, written: 14 * mib, own: 14 * mib, want: 0}},
		"only a reader":                  {{reading: 300, busy: 300, want: 30}},
		"a reader beside migration":      {{reading: 900, writing: 50_000, busy: 1000, written: 10 * mib, own: 10 * mib, want: 90}},
		"many readers":                   {{reading: 32_000, busy: 1000, want: 100}},
		"readers that overlap":           {{reading: 5_000, busy: 400, want: 40}},
		"a read that takes ever so long": {{writing: 50_000, busy: 1000, written: 14 * mib, own: 14 * mib, waiting: 1, want: 100}},
		"a writer":                       {{writing: 600, busy: 600, written: 4 * mib, want: 60}},
		"a writer beside migration":      {{writing: 1000, busy: 1000, written: 8 * mib, own: 6 * mib, want: 25}},
		"started in one, done in the next": {
			{writing: 100, busy: 1000, written: 1 * mib, own: 60 * mib, want: 0},
			{writing: 900, busy: 1000, written: 59 * mib, want: 0},
			{writing: 500, busy: 500, written: 1 * mib, want: 50},
		},
	} {
		var l load
		now, own := time.Unix(1000, 0), uint64(77)
		s := diskStat{reading: 1, written: 2, writing: 3, busy: 4}
		if got := l.take(now, s, own); got != 0 {
			t.Errorf("%s: the first sample gives %d%%", name, got)
		}
		for i, c := range steps {
			now, own = now.Add(time.Second), own+c.own
			s.reading, s.writing, s.busy, s.written = s.reading+c.reading, s.writing+c.writing, s.busy+c.busy, s.written+c.written/statSector
			s.waiting = c.waiting
			if got := l.take(now, s, own); got != c.want {
				t.Errorf("%s, second %d: %d%%, want %d%%", name, i, got, c.want)
			}
		}
	}
}

// A disk that was replaced, or a cache that was changed, starts anew.
func TestLoadStartsAnew(t *testing.T) {
	var l load
	now := time.Unix(1000, 0)
	l.take(now, diskStat{reading: 500, busy: 500}, 100)
	if got := l.take(now.Add(time.Second), diskStat{reading: 10, busy: 10}, 100); got != 0 {
		t.Errorf("figures that went back: %d%%", got)
	}
	if got := l.take(now.Add(2*time.Second), diskStat{reading: 110, busy: 110}, 0); got != 0 {
		t.Errorf("bytes that went back: %d%%", got)
	}
	if got := l.take(now.Add(3*time.Second), diskStat{reading: 210, busy: 210}, 0); got != 10 {
		t.Errorf("after that: %d%%", got)
	}
}
