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
	defer c.mu.Unlock()
	r := c.cur.rec
	if r == nil {
		return false
	}
	n := uint32(len(r.sums))
	whole := r.payload / segment.ChunkSectors
	if n >= whole {
		return false
	}
	at := int(r.PayloadPosition())*segment.SectorSize + int(n)*segment.ChunkSize
	r.sums = append(r.sums, segment.Checksum(c.cur.buf.mem[at:at+segment.ChunkSize]))
	return true
}

// changed forgets the checksums of the payload from a sector of the slot on.
func (r *record) changed(at uint32) {
	chunk := int(at-r.PayloadPosition()) / segment.ChunkSectors
	r.sums = r.sums[:min(len(r.sums), chunk)]
}
