package manager

import "testing"

func TestLogProgress(t *testing.T) {
	for _, c := range []struct {
		slots, of uint64
		want      string
	}{
		{0, 0, "looking for the end of the log"},
		{1, 1024, "reading the log, 0 % (1 of 1024 segments)"},
		{512, 1024, "reading the log, 50 % (512 of 1024 segments)"},
		{1023, 1024, "reading the log, 99 % (1023 of 1024 segments)"},
		{1024, 1024, "making the index of what the log holds"},
	} {
		var p logProgress
		if c.of > 0 {
			p.set(c.slots, c.of)
		}
		if share := p.share(); (share != nil) != (c.slots < c.of) || share != nil && *share*float64(c.of) != float64(c.slots) {
			t.Errorf("%d of %d: share %v", c.slots, c.of, share)
		}
		if got := p.String(); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.slots, c.of, got, c.want)
		}
	}
}
