package logcache

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBarrierPredictor: a barrier is predicted after as many writes as before
// it of late, of several writers as soon as there were as few.
func TestBarrierPredictor(t *testing.T) {
	for _, c := range []struct {
		name      string
		intervals []int // writes before each barrier
		crowded   bool  // and all came while one was waiting
		due       []int // after how many writes one is due, of the first 20
	}{
		{name: "too early to say", intervals: []int{1, 1, 1}},
		{name: "each write", intervals: []int{1, 1, 1, 1, 1, 1, 1, 1}, due: []int{1}},
		{name: "barriers alone are no intervals", intervals: []int{1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0}, due: []int{1}},
		{name: "three by three", intervals: []int{7, 3, 3, 3, 3, 3, 3, 3, 3}, due: []int{3}},
		{name: "one writer, unsteady", intervals: []int{2, 4, 3, 2, 2, 3, 4, 4}},
		{name: "several writers", intervals: []int{2, 4, 3, 2, 2, 3, 4, 4}, crowded: true, due: []int{2, 3, 4}},
		{name: "many writers", intervals: []int{7, 4, 9, 12, 7, 6, 9, 8}, crowded: true},
		{name: "rare barriers", intervals: []int{40, 40, 40, 40, 40, 40, 40, 40}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r barrierPredictor
			for _, n := range c.intervals {
				for range n {
					r.write(c.crowded)
				}
				r.barrier()
			}
			var due []int
			for n := range 20 {
				r.write(false)
				if r.due() {
					due = append(due, n+1)
				}
			}
			if diff := cmp.Diff(c.due, due); diff != "" {
				t.Error(diff)
			}
		})
	}
}
