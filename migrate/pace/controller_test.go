package pace

import (
	"testing"
	"time"
)

func TestController(t *testing.T) {
	const floor, target = 1 << 20, 100 << 20
	var c controller
	if got := c.update(target/2, target, time.Second, floor, 0); got != floor {
		t.Errorf("below the target: %d", got)
	}
	if got := c.update(target+80<<20, target, time.Second, floor, 0); got < 2<<20 || got > 3<<20 {
		t.Errorf("80 MiB above: %d", got)
	}
	// A writer of 5 MiB/s against a backing that takes 10: the dirty share ends
	// near the target.
	dirty := float64(target + 200<<20)
	c = controller{}
	for range 20000 {
		rate := c.update(int64(dirty), target, time.Second, floor, 10<<20)
		dirty = max(0, dirty+5<<20-float64(min(rate, 10<<20)))
	}
	if dirty < 0.9*target || dirty > 1.1*target {
		t.Errorf("settles at %.0f MiB, the target is %d", dirty/(1<<20), target>>20)
	}
	// Against a writer that is too fast, it does not owe for ever.
	c = controller{}
	for range 10000 {
		c.update(500<<20, target, time.Second, floor, 10<<20)
	}
	if got := c.update(target-1<<20, target, time.Second, floor, 10<<20); got > 12<<20 {
		t.Errorf("after a flood: %d", got)
	}
}
