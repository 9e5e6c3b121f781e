package cli

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// A cache with devices attached cannot be freed: they are detached first, each by name.
func TestDetachesBeforeFree(t *testing.T) {
	devices := []control.DeviceLine{{ID: 5, CacheID: 3}, {ID: 6, CacheID: 4}, {ID: 7, CacheID: 3}, {ID: 8, WaitsFor: 3}}
	if got, want := detaches(attachedTo(devices, 3)), "`lc detach 5`, `lc detach 7`, "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := detaches(attachedTo(devices, 9)); got != "" {
		t.Errorf("none is attached, and it says %q", got)
	}
}
