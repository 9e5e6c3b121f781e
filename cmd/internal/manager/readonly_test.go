package manager

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// A disk that becomes read-only under us is named as that, with the way on, for
// as long as it is so.
func TestDiskBecomesReadOnly(t *testing.T) {
	m := newManager(t)
	file := disk(t, "hdd", 8<<20)
	hdd := kit.LoopDevice(t, file)
	m.mustResume(t, 3, formatted(t))
	m.mustCreate(t, "a", 5, hdd)
	set := func(how string) {
		t.Helper()
		kit.Run(t, "blockdev", how, hdd)
	}
	set("--setro")
	if got := m.List().Devices[0].Note; !strings.HasPrefix(got, "the backing BECAME READ-ONLY") || !strings.Contains(got, "`blockdev --setrw "+hdd+"`") {
		t.Errorf("noted: %q", got)
	}
	// That it has shrunk as well is said beside it.
	if err := os.Truncate(file, 4<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("losetup", "--set-capacity", hdd).CombinedOutput(); err != nil {
		t.Fatalf("losetup: %v: %s", err, out)
	}
	if got := m.List().Devices[0].Note; !strings.HasPrefix(got, "the backing HAS SHRUNK") || !strings.Contains(got, "; the backing BECAME READ-ONLY") {
		t.Errorf("shrunk and read-only, and noted: %q", got)
	}
	if err := os.Truncate(file, 8<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("losetup", "--set-capacity", hdd).CombinedOutput(); err != nil {
		t.Fatalf("losetup: %v: %s", err, out)
	}
	set("--setrw")
	if got := m.List().Devices[0].Note; got != "" {
		t.Errorf("writable again, and noted: %q", got)
	}
}
