package logcache

import (
	"math/bits"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
)

// Newest are the parts of these places that are still read from there: nothing
// newer has replaced them, in the log or behind it. Any thread.
func (c *Cache) Newest(places []segment.Placed) []segment.Placed {
	var out []segment.Placed
	for i := range places {
		e := &places[i]
		c.lock()
		for lba, at, n := e.LBA, e.At, e.Sectors; n > 0; {
			b := blockOf(lba, n)
			out = appendSectors(out, e, lba, at, c.held(e, &b, at))
			lba, at, n = lba+uint64(b.sectors), at+int64(b.sectors), n-b.sectors
		}
		c.unlock()
	}
	return out
}

// held are the sectors of a part of an extent, counted from its first one, that
// the index has there.
func (c *Cache) held(e *segment.Placed, b *blockPart, at int64) uint8 {
	var es [index.SectorsPerBlock]index.Entry
	n := c.idx.Get(e.Device, b.block, &es)
	for i := range es[:n] {
		if es[i].Base == baseOf(e, b, at) {
			return es[i].Mask & b.mask >> b.first
		}
	}
	return 0
}

// appendSectors appends the sectors of a mask, of which the first is lba and lies
// at a sector of the cache device.
func appendSectors(out []segment.Placed, e *segment.Placed, lba uint64, at int64, mask uint8) []segment.Placed {
	for mask != 0 {
		skip := bits.TrailingZeros8(mask)
		n := bits.TrailingZeros8(^(mask >> skip))
		p := segment.Placed{Extent: segment.Extent{Device: e.Device, Kind: e.Kind, LBA: lba + uint64(skip), Sectors: uint32(n)}, At: at + int64(skip)}
		mask &^= uint8(1<<(skip+n) - 1<<skip)
		if k := len(out) - 1; k >= 0 && out[k].Device == p.Device && out[k].LBA+uint64(out[k].Sectors) == p.LBA {
			out[k].Sectors += p.Sectors
			continue
		}
		out = append(out, p)
	}
	return out
}
