package logcache

import (
	"cmp"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// record is one record, from its opening until it is written. The image is a
// part of its segment's RAM buffer.
//
//	open ──seal──► sealed ──write completes──► written
//	writes join    image is fixed              kept as long as its buffer
type record struct {
	segment.Header
	cache   *Cache
	buf     *buffer
	offset  int64    // on the cache device
	image   []byte   // header and payload
	payload uint32   // sectors used so far
	block   uint32   // sectors of the logical block that it was opened for, or last had no room for
	zeroes  uint32   // sectors that it says are zeroes
	sums    []uint32 // of its first chunks, computed ahead: see idle.go
	retries int
	fua     bool   // its write alone makes it durable
	flush   uint64 // of such: what it is known by in the ledger of the cache device
	redo    bool   // write it once more when it is written: see rewrite.go
	written bool
}

// next is where the next payload goes, in sectors of the slot.
func (r *record) next() uint32 { return r.PayloadPosition() + r.payload }

// encode writes header and missing checksums. The record is sealed, so nobody
// else touches it.
func (r *record) encode() { segment.SealRecord(r.image, &r.Header, r.sums) }

// openRecord starts a record in the current segment, with room for one logical
// block at least. It returns nil when there is none left in the segment, or too
// many records are under way.
func (c *Cache) openRecord(block uint32) *record {
	bs := c.geo.BlockSectors()
	least := max(bs, block)
	room := c.geo.SegmentSectors() - c.cur.pos
	head := uint32(c.hint)
	if head+least > room {
		head = bs
	}
	if head+least > room || c.sealedSeq+1-c.writtenSeq >= maxRecords {
		return nil
	}
	seq := c.sealedSeq + 1
	r := &c.recs[seq%maxRecords]
	*r = record{cache: c, buf: c.cur.buf, block: block}
	r.Segment, r.Seq, r.Position = c.cur.id, seq, c.cur.pos
	r.Nonce, r.Epoch = c.super.now.Nonce, c.super.now.Epoch
	r.HeaderSectors = uint16(head)
	if r.Position == 0 {
		r.PrevEnd = c.prevEnd
	}
	r.sums = c.cur.buf.sums[r.PayloadPosition()/segment.ChunkSectors:][:0]
	c.cur.buf.unwritten++
	c.cur.rec = r
	return r
}

// fits is how many of n more sectors of payload, as one extent of whole blocks,
// the open record can take, and whether it can take any, or with an n of 0 the
// extent alone. A block that was cut would be two records' matter: a power cut
// between them, or a batch that ends there, would tear it.
func (c *Cache) fits(r *record, n, block uint32) (got uint32, ok bool) {
	padding := c.geo.RecordSectors() - c.geo.BlockSectors() // the most that may follow, and have to be covered
	room := segment.PayloadRoom(r.HeaderSectors, int(r.Extents)+1) - int(r.payload+padding)
	if room < 0 {
		return 0, false
	}
	got = min(n, c.geo.SegmentSectors()-r.next(), uint32(room)) &^ (block - 1)
	return got, got > 0 || n == 0
}

// seal ends the open record and hands it to p for writing.
func (c *Cache) seal(p *Port, barrier bool) {
	r := c.cur.rec
	base := int(r.Position) * segment.SectorSize
	end := r.next()
	align := c.geo.RecordSectors()
	padded := (end + align - 1) / align * align
	mem := c.cur.buf.mem
	clear(mem[int(end)*segment.SectorSize : int(padded)*segment.SectorSize])
	r.PayloadSectors = padded - r.PayloadPosition()
	r.Barrier, r.DurableSeq = barrier, c.durableSeq
	r.image = mem[base : int(padded)*segment.SectorSize]
	r.offset = c.geo.SlotOffset(c.cur.slot) + int64(base)
	c.sealedSeq = r.Seq
	c.adapt(r, barrier)
	s := &c.slots[c.cur.slot]
	if s.FirstSeq == 0 {
		s.FirstSeq = r.Seq
	}
	s.LastSeq, s.End = r.Seq, padded
	c.cur.pos, c.cur.rec = padded, nil
	p.sealed = append(p.sealed, r)
	c.stats.Records++
	c.stats.LogBytes += uint64(len(r.image))
}

// adapt learns how long the next record's header should be: as long as this
// one needed if a barrier cut it, twice as long if it was too short.
func (c *Cache) adapt(r *record, barrier bool) {
	bs := c.geo.BlockSectors()
	used := uint32(segment.HeaderBytes(int(r.Extents), r.PayloadSectors)+segment.SectorSize-1) / segment.SectorSize
	used = (used + bs - 1) / bs * bs
	full := c.geo.SegmentSectors()-r.next() < r.block
	switch {
	case barrier || full && r.Position == 0:
		c.hint = uint16(used)
	case !full:
		limit := min(segment.MaxHeaderSectors, c.geo.SegmentSectors()/8)
		c.hint = uint16(max(bs, min(2*uint32(r.HeaderSectors), limit/bs*bs)))
	}
}

// openSegment makes the next segment the current one. It returns false when
// its slot or its RAM buffer is still in use.
func (c *Cache) openSegment() bool {
	if !c.slotFree() {
		c.stats.WaitSlot++
		return false
	}
	id := c.nextID
	i := c.geo.Slot(id)
	s, b := &c.slots[i], &c.bufs[id%uint64(len(c.bufs))]
	if s.refs > 0 || b.unwritten > 0 {
		c.stats.WaitBuffer++
		return false
	}
	s.Span = segment.Span{ID: id}
	b.id = id
	c.cur = current{id: id, slot: i, buf: b}
	return true
}

// slotFree tells whether the next segment's slot holds nothing that is needed.
func (c *Cache) slotFree() bool { return c.nextID <= c.slotDiscard.freed+c.geo.Slots }

// closeSegment ends the current segment, which has no open record.
func (c *Cache) closeSegment() {
	c.prevEnd = c.cur.pos
	c.nextID = c.cur.id + 1
	if c.cur.id%durableEvery == 0 {
		c.durableTarget = max(c.durableTarget, c.sealedSeq)
	}
	c.cur = current{}
	c.news.didClose()
	c.news.didProgress()
}

// recordWritten takes the completion of a record's write.
func (c *Cache) recordWritten(p *Port, o *operation, err error) {
	r := o.rec
	c.lock()
	defer c.unlock()
	if o.FUA { // last, for others go on then
		defer c.flushEnded(p, uint8(block.Cache), r.flush, err)
	}
	if err != nil || r.redo {
		c.writeAgain(p, o, err)
		return
	}
	p.release(o)
	r.written = true
	r.buf.unwritten--
	for c.writtenSeq < c.sealedSeq && c.recs[(c.writtenSeq+1)%maxRecords].written {
		c.writtenSeq++
	}
	if seq := min(c.writtenSeq, c.fuaSeq); seq > c.durableSeq {
		c.becameDurable(p, seq)
		return
	}
	c.advance(p)
}

// writeAgain writes a record once more, whose write has failed, or may have been
// lost with another's; but not without end, and not into a log in doubt.
func (c *Cache) writeAgain(p *Port, o *operation, err error) {
	r := o.rec
	if err != nil {
		c.stats.LogWriteErrors++
		r.retries++
	}
	if r.retries > maxRetries || c.doubt.on() {
		p.release(o)
		c.fail(p, cmp.Or(err, ErrDoubt))
		return
	}
	if err != nil && o.FUA {
		c.rewrite(p, r)
	}
	r.redo, o.FUA = false, false
	p.retry(o)
}
