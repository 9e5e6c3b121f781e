package inspect

import (
	"encoding/binary"
	"errors"

	"github.com/ublk-lc/ublk-lc/segment"
)

// recordMagic is what the header of a record starts with.
const recordMagic = "LCR1"

// errOtherPast is wrong with a valid record that is not the one of the run.
var errOtherPast = errors.New("record of an abandoned past")

// rawHeader are the bytes of a record's header, or of what should be one. Its
// methods check nothing.
type rawHeader []byte

func (b rawHeader) payloadSectors() uint32 { return binary.LittleEndian.Uint32(b[56:]) }
func (b rawHeader) headerSectors() uint16  { return binary.LittleEndian.Uint16(b[60:]) }
func (b rawHeader) barrier() bool          { return binary.LittleEndian.Uint16(b[64:])&1 != 0 }
func (b rawHeader) extents() uint16        { return binary.LittleEndian.Uint16(b[62:]) }

// extent is extent i as it lies there.
func (b rawHeader) extent(i int) segment.Extent {
	o := segment.HeaderBytes(i, 0)
	w := binary.LittleEndian.Uint64(b[o:])
	return segment.Extent{
		LBA:     w & (1<<48 - 1),
		Device:  uint8(w >> 48),
		Kind:    segment.Kind(w >> 56),
		Sectors: binary.LittleEndian.Uint32(b[o+8:]),
	}
}

// correct puts right what is known of the header at a place, and tells how many
// fields were wrong. The checksum is then right for the rest, whatever that is.
func (b rawHeader) correct(nonce uint64, at Place, seq uint64) int {
	le := binary.LittleEndian
	wrong := 0
	if string(b[:4]) != recordMagic {
		copy(b, recordMagic)
		wrong++
	}
	for _, f := range []struct {
		offset int
		value  uint64
	}{{8, nonce}, {24, at.Segment}, {32, seq}} {
		if le.Uint64(b[f.offset:]) != f.value {
			le.PutUint64(b[f.offset:], f.value)
			wrong++
		}
	}
	if le.Uint32(b[48:]) != at.Sector {
		le.PutUint32(b[48:], at.Sector)
		wrong++
	}
	le.PutUint32(b[4:], 0)
	le.PutUint32(b[4:], segment.Checksum(b[:int(b.headerSectors())*segment.SectorSize]))
	return wrong
}
