package sim

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// TestSeeds runs the seeds that have met a bug before.
func TestSeeds(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	k, stats := newKit(), NewStats()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		field, what, _ := strings.Cut(lines.Text(), " ")
		seed, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			continue
		}
		o := RandomOptions(seed)
		if err := random(o, stats, k, nil); err != nil {
			t.Errorf("seed %d (%s): %v", seed, strings.TrimSpace(what), err)
		}
		for i := range 64 {
			// they are older, and what bypasses the log depends on it
			o.Scope, o.Rebinds, o.Reopens, o.Pacer, o.Slows, o.Company = witness.Scope{}, false, false, false, false, false
			o.Stalls, o.Paced, o.Discards, o.Ahead, o.Bypass, o.DiscardSlots = i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0, i&16 != 0, i&32 != 0
			if err := random(o, stats, k, nil); err != nil {
				t.Errorf("seed %d (%s), stalls %v, paced %v, discards %v, ahead %v, bypass %v, discarded slots %v: %v", seed, strings.TrimSpace(what), o.Stalls, o.Paced, o.Discards, o.Ahead, o.Bypass, o.DiscardSlots, err)
			}
		}
	}
	if stats.Runs == 0 {
		t.Error("no seeds")
	}
}
