package logcache

import (
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// source is where a sector is read from.
type source uint8

const (
	fromBacking source = iota
	fromRAM
	fromLog
	fromZeroes // zeroes
)

// piece is a run of sectors of a read that lies in one place in one piece.
type piece struct {
	source  source
	at      int64  // sector: of the backing or of the cache device
	first   uint32 // sector of the request
	sectors uint32
	slot    uint64
	buf     *buffer
}

// joins tells whether q goes on where p ends.
func (p *piece) joins(q *piece) bool {
	return p.sectors > 0 && p.source == q.source && p.slot == q.slot && p.at+int64(p.sectors) == q.at
}

// read takes a read in: each sector comes from the RAM buffers, the log or the
// backing; neighbours come together. It tells whether none had to be waited for.
func (c *Cache) read(p *Port, r *Request) (done bool) {
	c.stats.Reads++
	c.stats.ReadSectors += uint64(r.Sectors)
	if c.health() == Lost {
		r.Err = c.broken
		return true
	}
	var run piece
	for done := uint32(0); done < r.Sectors; {
		b := blockOf(r.LBA+uint64(done), r.Sectors-done)
		c.readBlock(p, r, &run, b, done)
		done += b.sectors
	}
	c.start(p, r, &run)
	return r.pending == 0
}

// readBlock adds one block's sectors to the run, which starts when it breaks.
func (c *Cache) readBlock(p *Port, r *Request, run *piece, b blockPart, first uint32) {
	var es [index.SectorsPerBlock]index.Entry
	n := c.idx.Get(r.Volume.ID, b.block, &es)
	if n == 0 || n == 1 && es[0].Mask&b.mask == b.mask {
		c.extend(p, r, run, c.locate(r, &b, es[:n], first))
		return
	}
	if bs := r.Volume.BlockSectors; bs > 1 {
		if have := maskOf(es[:n]); cuts(have, bs) {
			c.start(p, r, run)
			*run = piece{}
			c.readAround(p, r, &b, have)
			return
		}
	}
	for i := b.first; i < b.first+b.sectors; i++ {
		one := blockPart{b.block, i, 1, 1 << i}
		c.extend(p, r, run, c.locate(r, &one, hits(es[:n], one.mask), first+i-b.first))
	}
}

// hits is the one of a block's entries that has a sector, or none.
func hits(es []index.Entry, mask uint8) []index.Entry {
	for j := range es {
		if es[j].Mask&mask != 0 {
			return es[j : j+1]
		}
	}
	return nil
}

// locate makes a piece of the sectors in b, which hit, at most one entry,
// covers wholly.
func (c *Cache) locate(r *Request, b *blockPart, hit []index.Entry, first uint32) piece {
	pc := piece{first: first, sectors: b.sectors}
	if len(hit) == 0 {
		pc.at = int64(b.block)*index.SectorsPerBlock + int64(b.first)
		return pc
	}
	if hit[0].Zero() {
		pc.source = fromZeroes
		pc.at = int64(b.block)*index.SectorsPerBlock + int64(b.first)
		return pc
	}
	pc.at = hit[0].Base + int64(b.first)
	pc.slot = c.geo.SlotOfSector(pc.at)
	id := c.slots[pc.slot].ID
	if buf := &c.bufs[id%uint64(len(c.bufs))]; buf.id == id {
		pc.source, pc.buf = fromRAM, buf
		return pc
	}
	pc.source = fromLog
	return pc
}

// extend joins a piece to the run, or starts the run and begins a new one.
func (c *Cache) extend(p *Port, r *Request, run *piece, pc piece) {
	if run.joins(&pc) {
		run.sectors += pc.sectors
		return
	}
	c.start(p, r, run)
	*run = pc
}

// start copies or reads a run of sectors.
func (c *Cache) start(p *Port, r *Request, run *piece) {
	if run.sectors == 0 {
		return
	}
	dst := r.Buf[int(run.first)*segment.SectorSize : int(run.first+run.sectors)*segment.SectorSize]
	switch run.source {
	case fromRAM:
		off := (run.at - c.geo.SlotSector(run.slot)) * segment.SectorSize
		copy(dst, run.buf.mem[off:])
		c.stats.HitRAMSectors += uint64(run.sectors)
	case fromLog:
		c.slots[run.slot].refs++
		o := p.newLogOp(c, forHit, block.Read, run.at*segment.SectorSize, dst)
		o.req, o.slot = r, run.slot
		r.pending++
		c.stats.HitLogSectors += uint64(run.sectors)
	case fromBacking:
		o := p.newOp(forMiss, block.Read, r.Volume.dev(), run.at*segment.SectorSize, dst)
		o.req = r
		r.pending++
		c.stats.MissSectors += uint64(run.sectors)
	case fromZeroes:
		clear(dst)
		c.stats.HitZeroSectors += uint64(run.sectors)
	}
}

// readDone takes the completion of a piece.
func (p *Port) readDone(o *operation, err error) {
	r := o.req
	if err != nil {
		r.Volume.countError()
		if r.Err == nil {
			r.Err = err
		}
	}
	if o.purpose == forHit {
		o.cache.unref(p, o.slot)
	}
	p.release(o)
	if r.pending--; r.pending == 0 {
		p.answer(r, nil)
	}
}

// unref ends a read of a slot. A writer may be waiting for the last one.
func (c *Cache) unref(p *Port, i uint64) {
	c.lock()
	c.slots[i].refs--
	if c.slots[i].refs == 0 && c.line.n > 0 {
		c.advance(p)
	}
	c.unlock()
}
