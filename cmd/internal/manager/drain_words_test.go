package manager

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
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
