package index

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// parts are writes of random sectors of random blocks, which overwrite one
// another, and of which two in a row may meet in one entry.
func parts(r *rand.Rand, i int, blocks uint64) (block uint64, mask uint8, base int64) {
	return r.Uint64N(blocks), uint8(1 + r.Uint32N(255)), int64(i &^ 1)
}

// wholes are blocks that are written once, and whole.
func wholes(_ *rand.Rand, i int, _ uint64) (block uint64, mask uint8, base int64) {
	return scatter(i), 0xff, int64(i) * 8
}

// hot are wholes, but for one block that most writes are of.
func hot(r *rand.Rand, i int, _ uint64) (block uint64, mask uint8, base int64) {
	if r.Uint32N(4) > 0 {
		return 7, uint8(1 + r.Uint32N(255)), int64(i) * 8
	}
	return scatter(i), 0xff, int64(i) * 8
}

// The device of entry i: of three in turn, always the same, or another one late.
func turns(i int) int { return 1 + i%3 }
func single(int) int  { return 2 }
func another(n int) func(i int) int {
	return func(i int) int { return 1 + i*3/max(1, n*2) }
}

// TestLoader compares a loader with single puts: with few blocks that are
// overwritten again and again, so that piles are merged in between, one or all
// of them, and with more entries than were expected, so that tables leave their
// place.
func TestLoader(t *testing.T) {
	for _, c := range []struct {
		expected, goal, n int
		blocks            uint64
		writes            func(r *rand.Rand, i int, blocks uint64) (block uint64, mask uint8, base int64)
	}{
		{1, 1, 0, 1, parts},
		{1, 1, 1, 1, parts},
		{1, 1, 5000, 3, parts},
		{1, 1, 40_000, 30_000, parts},
		{100_000, 1000, 100_000, 25_000, parts},
		{100_000, 1000, 200_000, 100, parts},
		{100_000, 1000, 300_000, 300_000, parts},
		{100_000, shardGoal, 100_000, 1 << 40, parts},
		{5_000_000, shardGoal, 20_000, 10_000, parts},
		{1, 1, 20_000, 0, wholes},
		{100_000, 1000, 100_000, 0, wholes},
		{50_000, 1000, 200_000, 0, wholes},
		{100_000, 100, 300_000, 0, hot},
	} {
		for i, workers := range []int{0, 1, 3, 3, 3} {
			dev := []func(i int) int{turns, turns, turns, single, another(c.n)}[i]
			t.Run(fmt.Sprint(c.expected, c.goal, c.n, c.blocks, workers, i), func(t *testing.T) {
				one, all := newTest(t, c.expected, c.goal), newTest(t, c.expected, c.goal)
				all.Put(1, 1, 0xff, 1)
				all.RemoveAt(1, 1, 0xff, 1)
				r := rand.New(rand.NewPCG(7, uint64(c.n)))
				l := mustLoad(t, all, workers)
				for i := range c.n {
					block, mask, base := c.writes(r, i, c.blocks)
					dev := uint8(dev(i))
					one.Put(dev, block, mask, base)
					l.Put(dev, block, mask, base)
				}
				blocks := mustFinish(t, l)
				mustCheck(t, all)
				want := collect(one)
				if got := collect(all); !slices.Equal(got, want) {
					t.Fatalf("%d entries, not the %d wanted", len(got), len(want))
				}
				if wanted := blocksByDevice(want); blocks != wanted {
					t.Errorf("blocks %v, want %v", blocks[:4], wanted[:4])
				}
				mustBeUsable(t, all, want)
			})
		}
	}
}

func mustLoad(tb testing.TB, x *Index, workers int) *Loader {
	tb.Helper()
	l, err := x.Load(workers)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func mustFinish(tb testing.TB, l *Loader) [MaxDevice + 1]int {
	tb.Helper()
	blocks, err := l.Finish()
	if err != nil {
		tb.Fatal(err)
	}
	return blocks
}

func blocksByDevice(entries []Entry) (blocks [MaxDevice + 1]int) {
	for i, e := range entries {
		if i == 0 || e.Dev != entries[i-1].Dev || e.Block != entries[i-1].Block {
			blocks[e.Dev]++
		}
	}
	return blocks
}

// mustBeUsable takes a loaded index apart and fills it again: what a loader
// left behind in memory that is not yet in use would show.
func mustBeUsable(t *testing.T, x *Index, entries []Entry) {
	t.Helper()
	for _, e := range entries {
		x.RemoveAt(e.Dev, e.Block, e.Mask, e.Base)
	}
	mustCheck(t, x)
	if x.Len() != 0 {
		t.Fatalf("%d entries cannot be removed", x.Len())
	}
	const n = 50_000
	for i := range n {
		x.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	mustCheck(t, x)
	mustHold(t, x, n, func(int) bool { return true })
}

// TestLoaderStop gives up with entries in piles and in tables: nobody may touch
// the index's memory after that, as it is about to go.
func TestLoaderStop(t *testing.T) {
	for _, workers := range []int{1, 3} {
		x := newTest(t, 300_000, 1000)
		l := mustLoad(t, x, workers)
		for i := range 500_000 {
			l.Put(1, scatter(i), 0xff, int64(i)*8)
		}
		for range 2 {
			if err := l.Stop(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestLoaderRefuses(t *testing.T) {
	x := newTest(t, 1, 1)
	for name, op := range map[string]func(){
		"base":    func() { mustLoad(t, x, 1).Put(1, 0, 1, MinBase-1) },
		"no mask": func() { mustLoad(t, x, 1).Put(1, 0, 0, 0) },
		"full":    func() { x.Put(1, 0, 1, 0); mustLoad(t, x, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("did not panic")
				}
			}()
			op()
		})
	}
}
