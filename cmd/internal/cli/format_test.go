package cli

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// What is refused for its size the format would refuse as well, and what is
// advised it takes.
func TestSmallSegments(t *testing.T) {
	for _, c := range []struct {
		size, align, logical uint32
		way                  string // "" = it is not refused
	}{
		{8 << 10, 512, 512, ""},
		{8 << 10, 4096, 512, "or --record-align 512 if /dev/x has"},
		{8 << 10, 4096, 4096, "take --segment-size 16KiB or more"},
		{16 << 10, 4096, 512, ""},
		{16 << 10, 4096, 4096, ""},
	} {
		_, wrong := segment.NewAligned(64<<20, c.logical, c.size, c.align)
		err := roomForTwo("/dev/x", c.size, c.align, c.logical)
		switch {
		case (err == nil) != (wrong == nil) || (err == nil) != (c.way == ""):
			t.Errorf("%+v: %v, and the format says %v", c, err, wrong)
		case err != nil && (!strings.Contains(err.Error(), c.way) || c.logical == 4096 && strings.Contains(err.Error(), "--record-align")):
			t.Errorf("%+v: %v", c, err)
		}
	}
}
