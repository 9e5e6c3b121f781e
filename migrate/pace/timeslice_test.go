package pace

import (
	"testing"
	"time"
)

// ask asks a timeslice each millisecond for so long, and counts those that are
// migration's. Users are there when there says so.
func ask(t *timeslice, from time.Duration, ms int, there func(ms int) bool) (migration int, longest int) {
	away := 0
	for i := range ms {
		goes, again := t.migration(from+time.Duration(i)*time.Millisecond, there(i))
		if again <= 0 || again > slice {
			panic("asks for a wait of " + again.String())
		}
		away++
		if goes {
			migration++
			away = 0
		}
		longest = max(longest, away)
	}
	return migration, longest
}

func TestTimeslice(t *testing.T) {
	const start = 1000 * time.Second
	for _, c := range []struct {
		name  string
		there func(ms int) bool
		most  int // of a second's milliseconds
		least int
	}{
		{"nobody", func(int) bool { return false }, 1000, 1000},
		{"always", func(int) bool { return true }, 501, 499},
		{"one read after the other", func(ms int) bool { return ms%8 != 0 }, 501, 499},
		{"a read now and then", func(ms int) bool { return ms%200 < 8 }, 1000, 900},
		{"who leaves after a tenth of a turn", func(ms int) bool { return ms < 10 }, 981, 979},
	} {
		var turns timeslice
		got, longest := ask(&turns, start, 1000, c.there)
		if got < c.least || got > c.most {
			t.Errorf("%s: %d ms of 1000, want %d to %d", c.name, got, c.least, c.most)
		}
		if longest > 100 {
			t.Errorf("%s: migration stood still for %d ms", c.name, longest)
		}
	}
}

// Who comes in the middle of migration's turn waits for its end and no longer.
func TestTimesliceOfWhoComes(t *testing.T) {
	const start = 1000 * time.Second
	var turns timeslice
	ask(&turns, start, 1000, func(int) bool { return false })
	if got, _ := ask(&turns, start+time.Second, 100, func(int) bool { return true }); got != 0 {
		t.Errorf("who comes after a second alone waits for %d ms", got)
	}
	if got, _ := ask(&turns, start+1100*time.Millisecond, 100, func(int) bool { return true }); got != 100 {
		t.Errorf("then migration has %d ms of 100", got)
	}
}
