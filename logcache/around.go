package logcache

import (
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file reads blocks of which the log has a part and the backing the rest.
// Nothing that is logged now is less than a logical block of its volume, but logs
// of format version 1 hold parts of blocks of 4096 bytes. The backing gives whole
// blocks only, so all of the block is read from it, and then what the log has is
// put over that.

// maskOf is which sectors of a block its entries have.
func maskOf(es []index.Entry) (have uint8) {
	for i := range es {
		have |= es[i].Mask
	}
	return have
}

// cuts tells whether a set of sectors has a part of a logical block of bs sectors.
func cuts(have uint8, bs uint32) bool {
	whole := uint8(1<<bs - 1)
	for at := uint32(0); at < index.SectorsPerBlock; at += bs {
		if part := have >> at & whole; part != 0 && part != whole {
			return true
		}
	}
	return false
}

// readAround reads the part b of a request, which is of whole logical blocks, from
// the backing. have is what the log has of it now.
func (c *Cache) readAround(p *Port, r *Request, b *blockPart, have uint8) {
	lba := b.block*index.SectorsPerBlock + uint64(b.first)
	dst := r.Buf[(lba-r.LBA)*segment.SectorSize:][:b.sectors*segment.SectorSize]
	o := p.newOp(forAround, block.Read, r.Volume.dev(), int64(lba)*segment.SectorSize, dst)
	o.cache, o.req, o.have = c, r, have
	r.pending++
	c.stats.MissSectors += uint64(b.sectors)
}

// around puts what the log has over what the backing gave. If it has less than
// when the read began, that is on the backing now, and what was read may be older.
func (c *Cache) around(p *Port, o *operation, err error) {
	if err != nil {
		p.readDone(o, err)
		return
	}
	r, lba := o.req, uint64(o.Offset)/segment.SectorSize
	b := blockOf(lba, uint32(len(o.Buf)/segment.SectorSize))
	var es [index.SectorsPerBlock]index.Entry
	c.lock()
	n := c.idx.Get(r.Volume.ID, b.block, &es)
	have := maskOf(es[:n])
	if have&o.have != o.have {
		o.have = have
		c.unlock()
		p.retry(o)
		return
	}
	var run piece
	for i := b.first; i < b.first+b.sectors; i++ {
		one := blockPart{b.block, i, 1, 1 << i}
		hit := hits(es[:n], one.mask)
		if hit == nil { // it is there already
			c.start(p, r, &run)
			run = piece{}
			continue
		}
		c.extend(p, r, &run, c.locate(r, &one, hit, uint32(lba-r.LBA)+i-b.first))
	}
	c.start(p, r, &run)
	c.unlock()
	p.readDone(o, nil)
}
