package logcache

import (
	"bytes"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// Format leaves nothing at either end of a device but its own superblocks, and
// the middle as it is.
func TestFormatWipes(t *testing.T) {
	for _, size := range []int{2 << 20, 9<<20 + 512, 10<<20 - 4096, 32<<20 + 3*512} {
		dev := inline.Memory(bytes.Repeat([]byte{0xff}, size))
		s, err := Format(dev, FormatOptions{DeviceSize: uint64(size), BlockSize: 512, SegmentSize: 64 << 10, Nonce: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range []int{0, segment.SuperSpace} {
			clear(dev[own : own+s.SuperSize()])
		}
		head, tail := min(size, 8<<20), max(size-2<<20, 0)
		if i := bytes.IndexFunc(dev[:head], func(r rune) bool { return r != 0 }); i >= 0 {
			t.Errorf("%d bytes: byte %d of the head is still there", size, i)
		}
		if i := bytes.IndexFunc(dev[tail:], func(r rune) bool { return r != 0 }); i >= 0 {
			t.Errorf("%d bytes: byte %d of the tail is still there", size, tail+i)
		}
		if head < tail-4096 && bytes.Count(dev[head:tail-4096], []byte{0xff}) != tail-4096-head {
			t.Errorf("%d bytes: the middle was wiped", size)
		}
	}
}
