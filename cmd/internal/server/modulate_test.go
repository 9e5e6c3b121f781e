package server

import (
	"testing"
	"time"
)

// The first look at a disk measures nothing, and must not count as an idle disk.
func TestFirstLookIsNoLoad(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	a := &daemon{m: m, loads: map[uint8]*load{}}
	m.daemon = a
	defer func() { m.daemon = nil }()
	for i, want := range []bool{false, true} {
		caches, devices := m.snapshot()
		a.modulate(time.Unix(int64(1000+i), 0), &caches[0], devices)
		if got := m.caches[3].modulated; got != want {
			t.Errorf("after look %d: measured %v, want %v", i+1, got, want)
		}
	}
}
