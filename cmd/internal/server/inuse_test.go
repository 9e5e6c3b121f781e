package server

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// A verb that needs no server names what the server has a disk as, and what
// frees it, and that does.
func TestInUseIsNamed(t *testing.T) {
	m := serving(t)
	cache, backing, other := formatted(t), kit.Disk(t, "backing", 8<<20), formatted(t)
	managertest.Hold(t, other, backing, 5)
	must(t, control.VerbResume, control.ResumeArgs{ID: 3, Path: cache})
	must(t, control.VerbCreate, control.CreateArgs{Name: "myLV", ID: 5, Path: backing})
	refuses := func(way string) {
		t.Helper()
		for path, want := range map[string]string{cache: "it is cache 3: " + way + "`lc free-cache 3` first", backing: "it is the disk of device 5 (myLV): " + way + "`lc remove 5` first"} {
			for _, verb := range [][]string{{"format-cache", "--force", path}, {"wipe-cache", "--force", path}, {"replay", other, "--to", path}} {
				if said, err := managertest.LC(t.Context(), verb...); err == nil || !strings.Contains(said, want) {
					t.Errorf("lc %s: %v: %q does not say %q", strings.Join(verb, " "), err, said, want)
				}
			}
		}
	}
	refuses("")
	err := ask(t, t.Context(), control.VerbAttach, control.AttachArgs{Device: 5, Cache: 3}, nil)
	if l := m.List(); l.Devices[0].CacheID != 3 { // without ublk its node does not appear
		t.Fatal(err)
	}
	refuses("`lc detach 5`, ")
	must(t, control.VerbDetach, control.DrainArgs{ID: 5})
	must(t, control.VerbRemove, control.IDArgs{ID: 5})
	must(t, control.VerbFreeCache, control.IDArgs{ID: 3})
	for _, path := range []string{cache, backing} {
		if _, err := managertest.LC(t.Context(), "format-cache", "--force", path); err != nil {
			t.Error(err)
		}
	}
}
