package logcache

import (
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
)

// This file is the way of discards and write-zeroes into the log. They are
// extents without payload, in the order of all writes; the index says of their
// blocks that they are zeroes, and where it was said. To a reader the two kinds
// are the same: only what migration makes of them differs.
//
// A block of zeroes takes a slot of the index like any other, but next to no
// log, so that the log's size does not bound how many there are. zeroLimit does:
// beyond it discards wait until migration has brought earlier ones to the
// backing. That is up to 40 bytes of memory for 4 KiB of log; 1 GiB of discarded
// range takes up to 5 MiB.

// recordZeroes is how many sectors of zeroes a record may hold, unless one
// request brings more: 32 MiB. It bounds what migration and replay take at once.
const recordZeroes = 32 << 20 / segment.SectorSize

// zeroLimit is how many blocks of zeroes the log may hold, each counted as often
// as it was discarded, before further discards wait.
func (c *Cache) zeroLimit() int { return int(2 * c.geo.LogBytes() / index.BlockBytes) }

// appendZeroes puts a discard or write-zeroes into the log, all at once. It
// returns false when there is no room for it now.
func (c *Cache) appendZeroes(p *Port, r *Request) bool {
	if c.zeroBlocks >= c.zeroLimit() {
		c.stats.WaitIndex++
		c.endSegment(p)
		return false
	}
	if rec := c.cur.rec; rec != nil && rec.zeroes > 0 && rec.zeroes+r.Sectors > recordZeroes {
		c.seal(p, false)
	}
	if _, ok := c.reserve(p, 0, r.Volume.BlockSectors); !ok {
		return false
	}
	rec := c.cur.rec
	e := segment.Extent{Device: r.Volume.ID, Kind: segment.Discard, LBA: r.LBA, Sectors: r.Sectors}
	if r.Op == Zero {
		e.Kind = segment.Zeroes
	}
	segment.PutExtent(c.cur.buf.mem[int(rec.Position)*segment.SectorSize:], int(rec.Extents), e)
	at := c.geo.SlotSector(c.cur.slot) + int64(rec.next())
	rec.Extents++
	rec.zeroes += r.Sectors
	c.idx.Prefetch(e.Device, e.LBA/index.SectorsPerBlock, int(e.Sectors/index.SectorsPerBlock)+1)
	c.insertZeroes(e.Device, e.LBA, e.Sectors, at)
	r.done = r.Sectors
	return true
}

// endSegment ends the current segment, so that migration can have all that the
// index is full of.
func (c *Cache) endSegment(p *Port) {
	if c.cur.rec != nil {
		c.seal(p, false)
	}
	if c.cur.pos > 0 {
		c.closeSegment()
	}
	c.durableTarget = max(c.durableTarget, c.sealedSeq)
	c.kick(p)
}

// insertZeroes points the index at n sectors of zeroes, which a record says at a
// sector of the cache device. That place tells them from those of other records.
func (c *Cache) insertZeroes(dev uint8, lba uint64, n uint32, at int64) {
	for n > 0 {
		b := blockOf(lba, n)
		if _, existed := c.idx.Put(dev, b.block, b.mask, index.Zeroes+at); !existed {
			c.dirty[dev]++
		}
		c.zeroBlocks++
		lba += uint64(b.sectors)
		n -= b.sectors
	}
}

// baseOf is what the index has for the part b of an extent; at is where that
// part's payload lies, if the extent has any.
func baseOf(e *segment.Placed, b *blockPart, at int64) int64 {
	if e.Kind.HasPayload() {
		return at - int64(b.first)
	}
	return index.Zeroes + e.At
}
