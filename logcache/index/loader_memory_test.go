package index

import (
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestLoaderMemory loads what was expected, and wants no more memory than for
// an index that was filled by single puts; overwritten blocks take none.
func TestLoaderMemory(t *testing.T) {
	const n = 1_000_000
	for _, blocks := range []int{n, n / 2} {
		x := newTest(t, n, shardGoal)
		l := mustLoad(t, x, 2)
		for i := range n {
			l.Put(1, scatter(i%blocks), 0xff, int64(i)*8)
		}
		mustFinish(t, l)
		if per := float64(x.Bytes()) / float64(blocks); per > wantBytesPerBlock {
			t.Errorf("%.2f bytes per block of %d, want at most %.2f", per, blocks, wantBytesPerBlock)
		}
		mustCheck(t, x)
		x.Reset()
		mustCheck(t, x)
	}
}

// TestLoaderLeavesNothing loads logs for which lists become longer than what is
// left of them, and wants none of their memory behind the tables in the end.
func TestLoaderLeavesNothing(t *testing.T) {
	for _, c := range []struct{ expected, n, blocks int }{
		{400_000, 400_000, 400_000},
		{400_000, 130_000, 130_000},
		{400_000, 1_000_000, 50_000},  // sorted in between
		{100_000, 1_500_000, 700_000}, // more than was expected
		{1000, 200_000, 100_000},      // so many more that lists leave their place
	} {
		for _, workers := range []int{1, 2} {
			t.Run(fmt.Sprint(c, workers), func(t *testing.T) {
				x := newTest(t, c.expected, shardGoal)
				l := mustLoad(t, x, workers)
				for i := range c.n {
					l.Put(1, scatter(i*7/8%c.blocks), 0xff, int64(i)*8) // each eighth is overwritten at once
				}
				mustFinish(t, l)
				for i := range x.shards {
					s := &x.shards[i]
					stretch := x.arena[i*x.stride : (i+1)*x.stride]
					if cap(s.tab) == x.stride {
						stretch = stretch[len(s.tab):]
					} else if n := resident(t, s.tab[len(s.tab):cap(s.tab)]); n > 0 {
						t.Fatalf("shard %d has %d pages of its own behind a table of %d slots", i, n, len(s.tab))
					}
					if n := resident(t, stretch); n > 0 {
						t.Fatalf("shard %d has %d pages behind a table of %d slots", i, n, len(s.tab))
					}
				}
			})
		}
	}
}

// resident returns how many pages of slots, which start one, take memory.
func resident(t *testing.T, slots []slot) (pages int) {
	t.Helper()
	if len(slots) == 0 {
		return 0
	}
	in := make([]byte, roundToPages(len(slots))/pageSlots)
	at := uintptr(unsafe.Pointer(unsafe.SliceData(slots)))
	_, _, err := unix.Syscall(unix.SYS_MINCORE, at, uintptr(len(slots)*slotBytes), uintptr(unsafe.Pointer(&in[0])))
	if err != 0 {
		t.Fatal(err)
	}
	for _, b := range in {
		pages += int(b & 1)
	}
	return pages
}
