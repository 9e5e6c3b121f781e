package manager

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/migrate"
)

func TestP9DrainProgressSaysWhatHoldsItUp(t *testing.T) {
	for _, c := range []struct {
		p      host.DrainProgress
		slowed string
		want   string
	}{
		{host.DrainProgress{DirtyBlocks: 256, Segments: 3}, "", "1.0 MiB dirty, 3 segments to migrate"},
		{host.DrainProgress{DirtyBlocks: 256, Segments: 3, Rate: 2 << 20, Left: 1500 * time.Millisecond}, "", "1.0 MiB dirty, 3 segments to migrate, 2.0 MiB/s, 2s left"},
		{host.DrainProgress{DirtyBlocks: 256}, "others keep device 5's disk 40% busy", "slowed: others keep device 5's disk 40% busy; 1.0 MiB dirty"},
		{host.DrainProgress{DirtyBlocks: 256, Waiting: "a bad sector"}, "others", "held up: a bad sector; 1.0 MiB dirty"},
	} {
		if got := drainProgress(c.p, c.slowed); !strings.HasPrefix(got.Text, c.want) || got.Drain.HeldUp != c.p.Waiting || got.Drain.Slowed != c.slowed {
			t.Errorf("%+v: %q, %+v", c.p, got.Text, got.Drain)
		}
	}
}

// What waits for a device that is not attached names the ways on.
func TestP9WayOnWithoutADevice(t *testing.T) {
	m, cache := dirtied(t, whose.Describe, disk(t, "backing", 8<<20))
	m.mustResume(t, 3, cache)
	c := m.caches[3].host
	if got, want := m.wayOn(c, "device 5: "+migrate.ErrNoBacking.Error()), "`lc attach 5 3` go on with it, `lc forget "+cache+" 5` gives"; !strings.Contains(got, want) {
		t.Errorf("%q has no %q", got, want)
	}
	if got := m.wayOn(c, "a bad sector"); got != "a bad sector" {
		t.Error(got)
	}
	refused(t, m, control.NotAttached, "`lc forget "+cache+" 5` gives that up", func() error {
		_, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, quiet)
		return err
	})
}
