package segment

import (
	"errors"
	"fmt"
	"io"
	"unsafe"
)

// Span is the run of records that a segment holds.
type Span struct {
	ID       uint64
	End      uint32 // sectors in use
	FirstSeq uint64
	LastSeq  uint64
}

// Recovery is what the log holds after a restart.
type Recovery struct {
	Segments []Span // oldest first, contiguous ids
	LastSeq  uint64 // of the run; the next record is LastSeq+1
	PrevEnd  uint32 // where the last segment ends: for the next segment's head
	Durable  uint64 // highest sequence stated to be durable by anyone
	Dropped  bool   // a torn tail was cut off
}

// NextSegment is the id the log goes on with.
func (r *Recovery) NextSegment(s *Super) uint64 {
	if n := len(r.Segments); n > 0 {
		return r.Segments[n-1].ID + 1
	}
	return s.LastMigrated + 1
}

// Recover finds the run of valid records behind s.LastMigrated, as the package
// comment lays down, and shows each accepted record to fn, oldest first. It only
// reads. A break below what is stated to be durable gives a [*DamageError]
// together with the run up to the break.
func Recover(r io.ReaderAt, s *Super, fn func(*Record)) (*Recovery, error) {
	c := &scan{r: r, s: s, g: s.Geometry, durable: s.DurableSeq, buf: aligned(int(s.Geometry.SegmentSize))}
	if err := c.readHeads(); err != nil {
		return nil, err
	}
	if err := c.readChains(); err != nil {
		return nil, err
	}
	if err := c.verifyTail(); err != nil {
		return nil, err
	}
	res := c.result()
	for i := range c.run {
		fn(&c.run[i])
	}
	if next := res.LastSeq + 1; next <= c.durable {
		return res, c.damage(next)
	}
	return res, nil
}

// head is the first record of a slot, if it is valid.
type head struct {
	id, epoch, seq uint64
	prevEnd        uint32
}

// scan is the work of one recovery.
type scan struct {
	r       io.ReaderAt
	s       *Super
	g       Geometry
	durable uint64
	heads   []head // by slot; id 0 = none
	run     []Record
	buf     []byte // one segment
	torn    error  // why the run ended
	tornID  uint64
	tornPos uint32
	beyond  bool // something valid lies behind the end
}

// readRecord reads and parses the header at pos of segment id into its own memory.
func (c *scan) readRecord(id uint64, pos uint32) (Record, error) {
	off := c.g.SlotOffset(c.g.Slot(id)) + int64(pos)*SectorSize
	size := int(c.g.BlockSize)
	for {
		if int(pos)*SectorSize+size > int(c.g.SegmentSize) {
			return Record{}, errNoRecord
		}
		b := aligned(size)
		if _, err := c.r.ReadAt(b, off); err != nil {
			return Record{}, &readError{off, err}
		}
		rec, err := ParseRecord(b, c.g, c.s.Nonce, id, pos)
		if !errors.Is(err, errShort) {
			return rec, err
		}
		most := min(MaxHeaderSectors*SectorSize, int(c.g.SegmentSize)-int(pos)*SectorSize)
		if size >= most {
			return Record{}, errNoRecord
		}
		size = most
	}
}

// aligned is memory that direct I/O takes on any device.
func aligned(n int) []byte {
	const most = 4096
	b := make([]byte, n+most)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (most - 1)
	return b[skip : skip+n : skip+n]
}

// readError is a failed read, which recovery must not mistake for a torn record.
type readError struct {
	off int64
	err error
}

func (e *readError) Error() string { return fmt.Sprintf("read the log at byte %d: %v", e.off, e.err) }
func (e *readError) Unwrap() error { return e.err }

// readHeads reads the first header of every slot, and learns from them what is durable.
func (c *scan) readHeads() error {
	c.heads = make([]head, c.g.Slots)
	first := c.s.LastMigrated + 1
	for i := range c.g.Slots {
		id := first + i
		rec, err := c.readRecord(id, 0)
		var re *readError
		if errors.As(err, &re) {
			return err
		}
		if err == nil {
			c.heads[c.g.Slot(id)] = head{id, rec.Epoch, rec.Seq, rec.PrevEnd}
			c.durable = max(c.durable, rec.DurableSeq)
		}
	}
	return nil
}

// readChains follows the records from the first segment to the first break.
func (c *scan) readChains() error {
	seq, epoch := c.s.MigratedSeq+1, uint64(0)
	prevEnd, first := uint32(0), true
	for id := c.s.LastMigrated + 1; id <= c.s.LastMigrated+c.g.Slots; id++ {
		h := c.heads[c.g.Slot(id)]
		if h.id != id || h.epoch < epoch || h.seq != seq || c.abandoned(seq, h.epoch) || (!first && h.prevEnd != prevEnd) {
			return c.end(id, 0, seq)
		}
		epoch = h.epoch
		limit := c.limit(id, epoch)
		pos := uint32(0)
		for pos < limit {
			rec, err := c.readRecord(id, pos)
			var re *readError
			if errors.As(err, &re) {
				return err
			}
			if err == nil && (rec.Seq != seq || rec.Epoch != epoch || c.abandoned(seq, epoch)) {
				err = &FieldError{"sequence", rec.Seq, seq}
			}
			if err != nil {
				if limit != c.g.SegmentSectors() {
					return c.end(id, pos, seq)
				}
				c.torn, c.tornID, c.tornPos = err, id, pos
				break
			}
			c.durable = max(c.durable, rec.DurableSeq)
			c.run = append(c.run, rec)
			pos, seq = rec.End(), seq+1
		}
		prevEnd, first = pos, false
	}
	return nil
}

// abandoned tells whether a record was dropped by an earlier recovery. What
// that one accepted, its superblock states to be durable; what came after it
// carries its epoch. The chain alone does not tell when it starts with such a
// record, because what it followed has been migrated since.
func (c *scan) abandoned(seq, epoch uint64) bool {
	return seq > c.s.DurableSeq && epoch < c.s.Epoch
}

// limit is where segment id ends according to its successor's head, or the
// slot's end when that head says nothing of this past.
func (c *scan) limit(id, epoch uint64) uint32 {
	if next := c.heads[c.g.Slot(id+1)]; c.g.Slots > 1 && next.id == id+1 && next.epoch >= epoch {
		return next.prevEnd
	}
	return c.g.SegmentSectors()
}

// end notes where the run broke, and learns from all that lies behind what
// was durable: a record there may state that the break should not be.
func (c *scan) end(id uint64, pos uint32, seq uint64) error {
	if c.torn == nil || pos != 0 {
		c.torn, c.tornID, c.tornPos = errNoRecord, id, pos
	}
	if err := c.searchSlot(c.tornID, c.tornPos); err != nil {
		return err
	}
	for _, h := range c.heads {
		if h.id < id || h.seq < seq {
			continue
		}
		c.beyond = true
		if err := c.searchChain(h.id); err != nil {
			return err
		}
	}
	return nil
}

// searchChain reads the headers of a segment behind the break.
func (c *scan) searchChain(id uint64) error {
	for pos := uint32(0); pos < c.g.SegmentSectors(); {
		rec, err := c.readRecord(id, pos)
		var re *readError
		if errors.As(err, &re) {
			return err
		}
		if err != nil {
			return nil
		}
		c.durable = max(c.durable, rec.DurableSeq)
		pos = rec.End()
	}
	return nil
}

// searchSlot looks at every block behind pos for headers of the segment.
func (c *scan) searchSlot(id uint64, pos uint32) error {
	for pos += c.g.BlockSectors(); pos < c.g.SegmentSectors(); pos += c.g.BlockSectors() {
		rec, err := c.readRecord(id, pos)
		var re *readError
		if errors.As(err, &re) {
			return err
		}
		if err == nil {
			c.beyond = true
			c.durable = max(c.durable, rec.DurableSeq)
		}
	}
	return nil
}

// verifyTail reads the payload of what is not known to be durable, and cuts
// the run at the first record that is not whole.
func (c *scan) verifyTail() error {
	for i := range c.run {
		rec := &c.run[i]
		if rec.Seq <= c.durable {
			continue
		}
		payload := c.buf[:int(rec.PayloadSectors)*SectorSize]
		off := c.g.SlotOffset(c.g.Slot(rec.Segment)) + int64(rec.PayloadPosition())*SectorSize
		if _, err := c.r.ReadAt(payload, off); err != nil {
			return &readError{off, err}
		}
		if err := rec.VerifyPayload(payload); err != nil {
			c.torn, c.tornID, c.tornPos = err, rec.Segment, rec.Position
			c.run, c.beyond = c.run[:i], true
			return nil
		}
	}
	return nil
}

func (c *scan) result() *Recovery {
	res := &Recovery{LastSeq: c.s.MigratedSeq, Durable: c.durable, Dropped: c.beyond}
	for i := range c.run {
		rec := &c.run[i]
		n := len(res.Segments)
		if n == 0 || res.Segments[n-1].ID != rec.Segment {
			res.Segments = append(res.Segments, Span{ID: rec.Segment, FirstSeq: rec.Seq})
			n++
		}
		seg := &res.Segments[n-1]
		seg.End, seg.LastSeq = rec.End(), rec.Seq
		res.LastSeq, res.PrevEnd = rec.Seq, rec.End()
	}
	return res
}

func (c *scan) damage(seq uint64) error {
	reason := c.torn
	if reason == nil {
		reason = errNoRecord
	}
	slot := c.g.Slot(c.tornID)
	return &DamageError{Segment: c.tornID, Slot: slot, Offset: c.g.SlotOffset(slot) + int64(c.tornPos)*SectorSize, Seq: seq, Durable: c.durable, Reason: reason}
}
