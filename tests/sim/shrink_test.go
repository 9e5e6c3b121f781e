package sim

import "testing"

// TestShrinkFindsTheSmallest shrinks towards a condition that is known.
func TestShrinkFindsTheSmallest(t *testing.T) {
	o := RandomOptions(3)
	o.Requests, o.Generations, o.Depth, o.Faults, o.Stalls, o.Paced, o.Volumes = 80, 5, 12, true, true, true, []int{24, 48, 72}
	got := Shrink(o, func(o Options) bool { return o.Requests >= 7 && len(o.Volumes) >= 2 && o.Depth >= 3 })
	if got.Requests != 7 || len(got.Volumes) != 2 || got.Depth != 3 || got.Generations != 1 || got.Faults || got.Stalls || got.Paced || got.Ports != 1 || got.Admin != 0 {
		t.Errorf("shrunk to %+v", got)
	}
}

// TestShrinkStops gives up on what fails whatever it is.
func TestShrinkStops(t *testing.T) {
	tries := 0
	Shrink(RandomOptions(4), func(Options) bool { tries++; return false })
	if tries > shrinkTries {
		t.Errorf("%d tries", tries)
	}
}
