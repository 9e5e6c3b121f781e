package logcache

import (
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
)

// write takes a write in that goes to the log, or has it wait: for credit, for
// those before it, for what is bypassing the log below it, or for room. It tells
// whether that was all, and nothing is left to wait for.
func (c *Cache) write(p *Port, r *Request) (done bool) {
	if c.broken != nil {
		r.Err = c.broken
		return true
	}
	v := r.Volume
	if !v.limiter.meets(r) || c.line.busy(r) || c.doubt.on() || v.bypass.overlaps(r) || !c.append(p, r) {
		c.wait(r)
		return false
	}
	return c.logged(p, r)
}

// logged takes in that all of a write is in the log, and tells whether that is
// enough. Else it waits for its barrier.
func (c *Cache) logged(p *Port, r *Request) (done bool) {
	c.enter(r)
	r.Volume.limiter.spend(r)
	if r.Op == Write {
		c.stats.Writes++
		c.stats.WriteSectors += uint64(r.Sectors)
	} else {
		c.stats.zeroed(r)
	}
	if !r.FUA {
		c.predictBarrier(p)
		return true
	}
	c.predictor.barrier()
	r.need = c.newestSeq()
	c.arrived(r)
	c.waiters.push(r)
	c.kick(p)
	return false
}

// enter gives a write its place, when something of it is in the log or on its way
// past it.
func (c *Cache) enter(r *Request) {
	if r.place == 0 {
		c.places++
		r.place = c.places
	}
}

// newestSeq is the sequence of the open record, or of the last one sealed.
func (c *Cache) newestSeq() uint64 {
	if c.cur.rec != nil {
		return c.cur.rec.Seq
	}
	return c.sealedSeq
}

// append copies what is left of a write into the log. It returns false when
// there is no room for all of it now; what was copied stays.
func (c *Cache) append(p *Port, r *Request) bool {
	if r.Op != Write {
		return c.appendZeroes(p, r)
	}
	if r.done == 0 && c.overwrite(r) {
		return true
	}
	for r.done < r.Sectors {
		n, ok := c.reserve(p, r.Sectors-r.done, r.Volume.BlockSectors)
		if !ok {
			return false
		}
		c.place(r, n)
	}
	p.filling, p.fresh = c, p.fresh+r.Sectors
	return true
}

// reserve finds room for one more extent, of up to n sectors of payload in whole
// blocks, in the open record, opening segments and records as needed. ok is false
// when there is none now.
func (c *Cache) reserve(p *Port, n, block uint32) (got uint32, ok bool) {
	for {
		if c.cur.id == 0 && !c.openSegment() {
			return 0, false
		}
		rec := c.cur.rec
		if rec == nil {
			if rec = c.openRecord(block); rec == nil {
				if c.sealedSeq+1-c.writtenSeq >= maxRecords {
					return 0, false
				}
				c.closeSegment()
				continue
			}
		}
		if got, ok = c.fits(rec, n, block); ok {
			return got, true
		}
		rec.block = block
		c.seal(p, false)
	}
}

// place copies n sectors of a write to where reserve found room for them.
func (c *Cache) place(r *Request, n uint32) {
	rec := c.cur.rec
	at := rec.next()
	mem := c.cur.buf.mem
	copy(mem[int(at)*segment.SectorSize:], r.Buf[int(r.done)*segment.SectorSize:int(r.done+n)*segment.SectorSize])
	lba := r.LBA + uint64(r.done)
	head := mem[int(rec.Position)*segment.SectorSize:]
	segment.PutExtent(head, int(rec.Extents), segment.Extent{Device: r.Volume.ID, Kind: segment.Data, LBA: lba, Sectors: n})
	rec.Extents++
	rec.payload += n
	c.insert(r.Volume.ID, lba, n, c.geo.SlotSector(c.cur.slot)+int64(at))
	r.done += n
}

// insert points the index at n sectors that lie at a sector of the cache device.
func (c *Cache) insert(dev uint8, lba uint64, n uint32, at int64) {
	for n > 0 {
		b := blockOf(lba, n)
		if _, existed := c.idx.Put(dev, b.block, b.mask, at-int64(b.first)); !existed {
			c.dirty[dev]++
		}
		lba += uint64(b.sectors)
		at += int64(b.sectors)
		n -= b.sectors
	}
}

// blockPart is the part of a run of sectors that lies in one block.
type blockPart struct {
	block   uint64
	first   uint32 // sector within the block
	sectors uint32
	mask    uint8
}

// blockOf is the first block of a run of n sectors.
func blockOf(lba uint64, n uint32) blockPart {
	first := uint32(lba % index.SectorsPerBlock)
	k := min(n, index.SectorsPerBlock-first)
	return blockPart{lba / index.SectorsPerBlock, first, k, uint8((1<<k - 1) << first)}
}

// overwrite replaces data that is in the open record already, if all of it is
// there in one piece. The record is atomic, so no prefix is broken.
func (c *Cache) overwrite(r *Request) bool {
	rec := c.cur.rec
	if rec == nil {
		return false
	}
	at := c.openAt(r)
	if at < 0 {
		return false
	}
	for lba, left, pos := r.LBA, r.Sectors, at; left > 0; {
		b := blockOf(lba, left)
		if !c.idx.Find(r.Volume.ID, b.block, b.mask, pos-int64(b.first)) {
			return false
		}
		lba, left, pos = lba+uint64(b.sectors), left-b.sectors, pos+int64(b.sectors)
	}
	pos := uint32(at - c.geo.SlotSector(c.cur.slot))
	copy(c.cur.buf.mem[int(pos)*segment.SectorSize:], r.Buf[:int(r.Sectors)*segment.SectorSize])
	rec.changed(pos, r.Sectors)
	r.done = r.Sectors
	c.stats.InPlace++
	return true
}

// openAt is the sector of the cache device where the write's first sectors lie
// in the open record, if all of the write could lie there; else -1.
func (c *Cache) openAt(r *Request) int64 {
	var es [index.SectorsPerBlock]index.Entry
	b := blockOf(r.LBA, r.Sectors)
	rec, base := c.cur.rec, c.geo.SlotSector(c.cur.slot)
	for _, e := range es[:c.idx.Get(r.Volume.ID, b.block, &es)] {
		at := e.Base + int64(b.first)
		if e.Mask&b.mask == b.mask && at >= base+int64(rec.PayloadPosition()) && at+int64(r.Sectors) <= base+int64(rec.next()) {
			return at
		}
	}
	return -1
}
