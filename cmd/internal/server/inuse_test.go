package server

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// A verb that needs no server names what the server has a disk as, and what frees it, and that does.
func TestInUseIsNamed(t *testing.T) {
	m := serving(t)
	cache, backing := formatted(t), disk(t, "backing", 8<<20)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	refuses := func(way string) {
		t.Helper()
		for path, want := range map[string]string{cache: "it is cache 3: " + way + "`lc free-cache 3` first", backing: "it is the disk of device 5 (myLV): " + way + "`lc remove 5` first"} {
			for _, verb := range [][]string{{"format-cache", "--force", path}, {"wipe-cache", "--force", path}, {"replay", holding(t, backing, 5), "--to", path}} {
				if said, err := lc(t, verb...); err == nil || !strings.Contains(said, want) {
					t.Errorf("lc %s: %v: %q does not say %q", strings.Join(verb, " "), err, said, want)
				}
			}
		}
	}
	refuses("")
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	refuses("`lc detach 5`, ")
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustRemove(t, 5)
	m.mustFree(t, 3)
	for _, path := range []string{cache, backing} {
		if _, err := lc(t, "format-cache", "--force", path); err != nil {
			t.Error(err)
		}
	}
}
