package inspect

import (
	"math/rand/v2"
	"testing"
)

// TestRanges compares unions and differences with sets of sectors.
func TestRanges(t *testing.T) {
	const span = 40
	set := func(rs []Range) (out [span]bool) {
		for _, r := range rs {
			for i := r.LBA; i < r.end(); i++ {
				out[i] = true
			}
		}
		return out
	}
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		some := func() []Range {
			var out []Range
			for range rnd.IntN(6) {
				lba := rnd.Uint64N(span)
				out = append(out, Range{lba, 1 + rnd.Uint64N(span-lba)/2})
			}
			return out
		}
		a, b := some(), some()
		wantA, wantB := set(a), set(b)
		a, b = union(a), union(b)
		diff := subtract(a, b)
		if set(a) != wantA || set(b) != wantB {
			t.Fatalf("seed %d: a union lost or made something", seed)
		}
		for i, in := range set(diff) {
			if in != (wantA[i] && !wantB[i]) {
				t.Fatalf("seed %d: sector %d of %v without %v: %v", seed, i, a, b, diff)
			}
		}
		for _, rs := range [][]Range{a, b, diff} {
			for i := 1; i < len(rs); i++ {
				if rs[i].LBA <= rs[i-1].end() && len(b) == 0 || rs[i].LBA < rs[i-1].end() {
					t.Fatalf("seed %d: %v is not sorted and merged", seed, rs)
				}
			}
		}
	}
}
