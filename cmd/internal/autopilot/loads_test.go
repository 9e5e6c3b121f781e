package autopilot

import (
	"testing"
	"time"
)

// The first look at a disk measures nothing, and must not count as an idle disk.
func TestFirstLookIsNoLoad(t *testing.T) {
	m := attached(t)
	d := &daemon{Autopilot: New(m, logTo(t)), cancel: func() {}, done: make(chan struct{})}
	close(d.done) // it has no goroutine
	if engaged, err := m.Engage(d); err != nil || !engaged {
		t.Fatal(engaged, err)
	}
	for i, want := range []string{"0", "1"} {
		caches, backings := m.Survey()
		d.sampleLoads(time.Unix(int64(1000+i), 0), &caches[0], backings)
		if got := allowed(t, m); got != want {
			t.Errorf("after look %d migration is %s, want %s", i+1, got, want)
		}
	}
}
