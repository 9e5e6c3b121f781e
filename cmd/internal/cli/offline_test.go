package cli

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// A cache with devices attached cannot be freed, nor one that a device waits
// for: those go first, each by name.
func TestDetachesBeforeFree(t *testing.T) {
	devices := []control.DeviceLine{{ID: 5, CacheID: 3}, {ID: 6, CacheID: 4}, {ID: 7, CacheID: 3}, {ID: 8, WaitsFor: 3}}
	if got, want := beforeFree(devices, 3), "`lc detach 5`, `lc detach 7`, `lc remove 8`, "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := beforeFree(devices, 9); got != "" {
		t.Errorf("nothing has to go, and it says %q", got)
	}
}
