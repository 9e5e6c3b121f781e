package migrate

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// What may be left out is what an operator has seen to be bad, and no more:
// what went bad since, in the same record or another, is damage.
func TestSkipsNoMore(t *testing.T) {
	geo, err := segment.NewGeometry(segment.LogOffset+1<<20, 512, 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		seq  uint64
		bad  []int // chunks of its payload, of 4
		want bool  // it passes
	}{
		{7, nil, true}, {7, []int{1}, true}, {7, []int{1, 3}, true}, {7, []int{2}, false}, {7, []int{1, 2}, false}, {8, nil, true}, {8, []int{1}, false},
	} {
		h := segment.Header{Nonce: 1, Segment: 1, Seq: c.seq, HeaderSectors: 1, PayloadSectors: 4 * segment.ChunkSectors}
		image := make([]byte, h.End()*segment.SectorSize)
		segment.SealRecord(image, &h, nil)
		r, err := segment.ParseRecord(image, geo, 1, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		payload := image[segment.SectorSize:]
		for _, chunk := range c.bad {
			payload[chunk*segment.ChunkSize+9] ^= 1
		}
		m := &Migrator{}
		m.Skip([]segment.BadRecord{{Seq: 9}, {Seq: c.seq &^ 8, Chunks: []int{1, 3}}})
		if err := m.skips.check(&r, payload); (err == nil) != c.want {
			t.Errorf("record %d with chunks %d bad: %v", c.seq, c.bad, err)
		}
	}
}
