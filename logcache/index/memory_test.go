package index

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

const (
	wantBytesPerBlock = 20.0

	// fullEnv is the environment variable that asks for the largest case.
	fullEnv = "INDEX_TEST_FULL"
)

// TestMemoryPerBlock fills indexes and looks at what a block takes on the
// way, from a third of what was expected on, and at the pauses for
// growth.
func TestMemoryPerBlock(t *testing.T) {
	for _, c := range []struct{ expected, from, upTo int }{
		{1_000_000, 333_333, 1_000_000},
		{4_000_000, 1_333_333, 4_000_000},
		{26_000_000, 8_666_666, 26_000_000},
	} {
		t.Run(fmt.Sprint(c.expected), func(t *testing.T) {
			if testing.Short() && c.upTo > 1_000_000 {
				t.Skip("takes some seconds")
			}
			if c.upTo > 4_000_000 && os.Getenv(fullEnv) == "" {
				t.Skip("takes half a gigabyte and ten seconds; set " + fullEnv + " to run")
			}
			x := newTest(t, c.expected, shardGoal)
			worst := fillMeasured(t, x, c.from, c.upTo)
			t.Logf("largest from %d blocks on: %.2f bytes per block", c.from, worst)
			if worst > wantBytesPerBlock {
				t.Errorf("%.2f bytes per block, want at most %.2f", worst, wantBytesPerBlock)
			}
		})
	}
}

func fillMeasured(t *testing.T, x *Index, from, upTo int) (worst float64) {
	before := residentBytes(t)
	var pauses []time.Duration
	for i := 1; i <= upTo; i++ {
		growing := i > upTo*9/10
		var start time.Time
		if growing {
			start = time.Now()
		}
		slots := x.slots
		x.Put(1, scatter(i), 0xff, int64(i)*8)
		if growing && x.slots != slots {
			pauses = append(pauses, time.Since(start))
		}
		per := float64(x.Bytes()) / float64(i)
		if i >= from {
			worst = max(worst, per)
		}
		if i%max(upTo/5, 1) == 0 || i == 1_000_000 {
			t.Logf("%8d blocks: %.2f bytes per block, %.2f resident", i, per,
				float64(residentBytes(t)-before)/float64(i))
		}
	}
	if n := len(pauses); n > 0 {
		slices.Sort(pauses)
		t.Logf("growth of a full-size shard: median %v, 99th percentile %v, longest %v",
			pauses[n/2], pauses[n*99/100], pauses[n-1])
	}
	return worst
}

// TestUnlock locks an index as a process does that locks all it has, and takes
// it out.
func TestUnlock(t *testing.T) {
	x := newTest(t, 1_000_000, shardGoal)
	before := lockedBytes(t)
	arena := bytesOf(x.arena)
	at := uintptr(unsafe.Pointer(&arena[0]))
	kit.Need(t, kit.Locking)
	if _, _, err := unix.Syscall(unix.SYS_MLOCK2, at, uintptr(len(arena)), unix.MLOCK_ONFAULT); err != 0 {
		t.Fatal(err)
	}
	if lockedBytes(t) == before {
		t.Fatal("nothing is locked")
	}
	x.Unlock()
	if got := lockedBytes(t); got != before {
		t.Errorf("%d bytes are locked, %d were before", got, before)
	}
}

func lockedBytes(t *testing.T) (bytes int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "VmLck: %d kB", &bytes); n == 1 {
			return bytes << 10
		}
	}
	t.Fatal("no VmLck")
	return 0
}

func residentBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}
