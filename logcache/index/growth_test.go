package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func newTest(t *testing.T, expected, goal int) *Index {
	t.Helper()
	x, err := newIndex(expected, goal)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func mustCheck(t *testing.T, x *Index) {
	t.Helper()
	if err := check(x); err != nil {
		t.Fatal(err)
	}
}

// mustHold verifies that of the blocks below n exactly those that want
// approves of are in the index, each whole and at eight times its number.
func mustHold(t *testing.T, x *Index, n int, want func(i int) bool) {
	t.Helper()
	var out [SectorsPerBlock]Entry
	for i := range n {
		got := x.Get(1, scatter(i), &out)
		switch e := (Entry{Block: scatter(i), Base: int64(i) * 8, Dev: 1, Mask: 0xff}); {
		case want(i) && (got != 1 || out[0] != e):
			t.Fatalf("block %d: %d entries, first %+v, want %+v", i, got, out[0], e)
		case !want(i) && got != 0:
			t.Fatalf("block %d has %d entries, want none", i, got)
		}
	}
}

// TestGrowAndShrink fills an index and empties it again, at sizes that take
// the tables through many resizings, with fewer and with more entries than
// were expected: in the latter case shards leave their place in the arena,
// and do so more than once.
func TestGrowAndShrink(t *testing.T) {
	for _, c := range []struct{ expected, goal, n int }{
		{1, 1, 50_000},
		{100, 10, 300_000},
		{1000, shardGoal, 1000},
		{200_000, shardGoal, 200_000},
		{200_000, 10, 200_000},
		{5_000_000, shardGoal, 10_000},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			x := newTest(t, c.expected, c.goal)
			for i := range c.n {
				x.Put(1, scatter(i), 0xff, int64(i)*8)
			}
			mustCheck(t, x)
			mustHold(t, x, c.n+1000, func(i int) bool { return i < c.n })
			full := x.Bytes()
			left := c.n / 20
			for i := left; i < c.n; i++ {
				if removed, gone := x.RemoveAt(1, scatter(i), 0xff, int64(i)*8); removed != 0xff || !gone {
					t.Fatalf("RemoveAt block %d = %#x, %v", i, removed, gone)
				}
			}
			mustCheck(t, x)
			mustHold(t, x, c.n, func(i int) bool { return i < left })
			if floor := int64(len(x.shards)*pageSlots*slotBytes) + 1<<20; x.Bytes() > max(full/4, floor) {
				t.Errorf("%d bytes with a twentieth of the entries, %d before", x.Bytes(), full)
			}
			x.Reset()
			mustCheck(t, x)
			mustHold(t, x, c.n, func(int) bool { return false })
		})
	}
}

// TestChurn keeps an index at a size by removing a random block for each one
// put, long enough for every table to be rearranged many times over.
func TestChurn(t *testing.T) {
	const size, rounds = 20_000, 400_000
	for _, goal := range []int{size, 300} {
		x := newTest(t, size, goal)
		r := rand.New(rand.NewPCG(3, uint64(goal)))
		present := map[int]bool{}
		list := []int{}
		for i := range rounds {
			x.Put(1, scatter(i), 0xff, int64(i)*8)
			present[i] = true
			list = append(list, i)
			if len(list) <= size {
				continue
			}
			j := r.IntN(len(list))
			victim := list[j]
			list[j] = list[len(list)-1]
			list = list[:len(list)-1]
			delete(present, victim)
			x.RemoveAt(1, scatter(victim), 0xff, int64(victim)*8)
		}
		mustCheck(t, x)
		mustHold(t, x, rounds, func(i int) bool { return present[i] })
	}
}

// TestOneHome gives many blocks hashes at the very end of a shard, so that
// entries run past the last home, and past the slots meant for that.
func TestOneHome(t *testing.T) {
	x := newTest(t, 1, 1)
	const n = 1000
	for i := range uint64(n) {
		dev, block := x.hasher.unhash(keyMask - i)
		x.Put(dev, block, 0xff, int64(i))
	}
	mustCheck(t, x)
	for i := range uint64(n) {
		dev, block := x.hasher.unhash(keyMask - i)
		if !x.Find(dev, block, 0xff, int64(i)) {
			t.Fatalf("entry %d not found", i)
		}
		if _, gone := x.RemoveAt(dev, block, 0xff, int64(i)); !gone {
			t.Fatalf("entry %d not removed", i)
		}
	}
	mustCheck(t, x)
}

func TestRemoveDeviceStep(t *testing.T) {
	const n = 30_000
	x := newTest(t, n, 1000)
	for i := range uint64(n) {
		x.Put(uint8(i%3), i, 1, int64(i))
		x.Put(uint8(i%3), i, 6, int64(i)+100)
	}
	steps, blocks, sectors := 0, 0, 0
	for next := 0; next >= 0; steps++ {
		var b, s int
		next, b, s = x.RemoveDeviceStep(1, next)
		blocks += b
		sectors += s
	}
	if steps != len(x.shards) || blocks != n/3 || sectors != n {
		t.Errorf("%d steps removed %d blocks, %d sectors; want %d, %d, %d", steps, blocks, sectors, len(x.shards), n/3, n)
	}
	mustCheck(t, x)
	if x.Blocks() != n*2/3 || x.Len() != n*4/3 {
		t.Errorf("left %d blocks, %d entries", x.Blocks(), x.Len())
	}
	x.ForEach(func(e Entry) bool {
		if e.Dev == 1 {
			t.Errorf("left %+v", e)
		}
		return e.Dev != 1
	})
}

func TestOutOfRange(t *testing.T) {
	x := newTest(t, 1, 1)
	for name, op := range map[string]func(){
		"device": func() { x.Put(MaxDevice+1, 0, 1, 0) },
		"block":  func() { x.Get(1, MaxBlock+1, new([SectorsPerBlock]Entry)) },
		"base":   func() { x.Put(1, 0, 1, MinBase-1) },
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
	if x.Len() != 0 {
		t.Errorf("%d entries", x.Len())
	}
}

func TestNoAllocations(t *testing.T) {
	const n = 100_000
	x := newTest(t, n, shardGoal)
	for i := range n {
		x.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	var out [SectorsPerBlock]Entry
	i := 0
	allocs := testing.AllocsPerRun(n, func() {
		b := scatter(i % n)
		x.RemoveAt(1, b, 0x0f, int64(i%n)*8)
		x.Put(1, b, 0x3c, int64(i))
		x.Get(1, b, &out)
		x.Find(1, b, 0x3c, int64(i))
		x.RemoveAt(1, b, 0x81, int64(i%n)*8)
		x.RemoveAt(1, b, 0x3c, int64(i))
		x.Put(1, b, 0xff, int64(i%n)*8)
		x.Prefetch(1, b, 8)
		i++
	})
	if allocs != 0 {
		t.Errorf("%v allocations per round", allocs)
	}
}

// TestPrefetch looks ahead where there is something, and where there is nothing.
func TestPrefetch(t *testing.T) {
	x := newTest(t, 10_000, 1000)
	x.Prefetch(1, 0, 100)
	for i := range 10_000 {
		x.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	x.Prefetch(1, 0, 100)
	x.Reset()
	x.Prefetch(1, 0, 100)
	mustCheck(t, x)
}
