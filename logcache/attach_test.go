package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// The index panics at a block that it cannot address, and every device with it: such a backing is refused.
func TestP9BackingTooLarge(t *testing.T) {
	r := newRig(t)
	for sectors, want := range map[uint64]error{MaxSectors: nil, MaxSectors + 1: ErrTooLarge} {
		if err := r.c.judge(nil, &segment.Binding{ID: 9, Sectors: sectors}, nil); !errors.Is(err, want) {
			t.Errorf("%d sectors: %v, want %v", sectors, err, want)
		}
	}
	if MaxSectors*segment.SectorSize != 8<<50 {
		t.Errorf("at most %d sectors", uint64(MaxSectors))
	}
}
