package manager

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

func TestTooLarge(t *testing.T) {
	g, err := segment.NewGeometry(1<<40, 4096, segment.DefaultSegmentSize)
	if err != nil {
		t.Fatal(err)
	}
	for memory, warned := range map[uint64]bool{0: false, 4 << 30: true, 8 << 30: true, 16 << 30: false} {
		if got := tooLarge(g, memory); (got != "") != warned || warned && !strings.Contains(got, "5.0 GiB") {
			t.Errorf("with %d bytes of memory: %q", memory, got)
		}
	}
}
