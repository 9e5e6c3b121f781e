package logcache

import "github.com/ublk-lc/ublk-lc/segment"

// idleChunks is how many checksums are computed in one go. To begin costs the
// queue a system call, about as much as two or three of them.
const idleChunks = 4

// HasIdleWork tells whether there is work for [Port.Idle]. Call it when there is
// nothing else to do.
func (p *Port) HasIdleWork() bool { return p.fresh >= idleChunks*segment.ChunkSectors }

// Idle computes the checksums of some chunks of the open record. No request has to
// wait then for the checksums of a whole record, which for a full segment are as
// much work as copying all of it.
func (p *Port) Idle() {
	for range idleChunks {
		if p.fresh < segment.ChunkSectors {
			return
		}
		if !p.filling.sumOne() {
			p.fresh = 0
			return
		}
		p.fresh -= segment.ChunkSectors
	}
}

// sumOne computes the next checksum of the open record, and returns false when
// no whole chunk is without one.
func (c *Cache) sumOne() bool {
	c.lock()
	defer c.unlock()
	r := c.cur.rec
	if r == nil {
		return false
	}
	n := uint32(len(r.sums))
	whole := r.payload / segment.ChunkSectors
	if n >= whole {
		return false
	}
	r.sums = append(r.sums, r.checksum(n))
	return true
}

// checksum is that of a whole chunk of the record.
func (r *record) checksum(chunk uint32) uint32 {
	at := int(r.PayloadPosition()+chunk*segment.ChunkSectors) * segment.SectorSize
	return segment.Checksum(r.buf.mem[at : at+segment.ChunkSize])
}

// changed puts the checksums right when n sectors have been replaced, from a
// sector of the slot on. Those of a block are computed there and then. What a
// longer piece changes is forgotten, with all that comes after it.
func (r *record) changed(at, n uint32) {
	first := (at - r.PayloadPosition()) / segment.ChunkSectors
	end := (at+n-1-r.PayloadPosition())/segment.ChunkSectors + 1
	known := uint32(len(r.sums))
	if n > segment.ChunkSectors {
		r.sums = r.sums[:min(known, first)]
		return
	}
	for i := first; i < min(known, end); i++ {
		r.sums[i] = r.checksum(i)
	}
}
