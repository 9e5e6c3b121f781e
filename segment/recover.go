package segment

import (
	"io"
	"slices"
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

	// Unread are places that could not be read, and need not be. Doubt is the one
	// of them where the next record would be, nil if that could be read: one may
	// have been there, and even have been durable, if it was the last one.
	Unread []Unread
	Doubt  *Unread
	// Remnant tells that there is, or may be, something behind the run's end in
	// its last slot that looks like the next record. It must be written over.
	Remnant bool
}

// NextSegment is the id the log goes on with.
func (r *Recovery) NextSegment(s *Super) uint64 {
	if n := len(r.Segments); n > 0 {
		return r.Segments[n-1].ID + 1
	}
	return s.LastMigrated + 1
}

// Recover finds the run of valid records behind s.LastMigrated, as the package
// comment lays down, and shows each accepted record to fn, oldest first; it is
// valid until fn returns. Recover only reads. A break below what is stated to be
// durable gives a [*DamageError] together with the run up to the break. After
// any other error, what fn has been shown means nothing.
//
// If r is a [BatchReaderAt], headers are read ahead of their turn, many at once.
// That changes nothing but the time it takes.
func Recover(r io.ReaderAt, s *Super, fn func(*Record)) (*Recovery, error) {
	return RecoverWatched(r, s, nil, fn)
}

// RecoverWatched is [Recover], and tells progress, unless it is nil, after each
// slot how many of them have been looked at.
func RecoverWatched(r io.ReaderAt, s *Super, progress func(slots, of uint64), fn func(*Record)) (*Recovery, error) {
	c := &scan{
		headers: newHeaders(r, s), s: s, g: s.Geometry, durable: s.DurableSeq, fn: fn, progress: progress,
		res: &Recovery{LastSeq: s.MigratedSeq},
	}
	defer c.headers.close()
	if err := c.peek(); err != nil {
		return nil, err
	}
	if err := c.walk(); err != nil {
		return nil, err
	}
	if err := c.verifyTail(); err != nil {
		return nil, err
	}
	if err := c.lookBehind(); err != nil {
		return nil, err
	}
	c.res.Durable, c.res.Dropped = c.durable, c.beyond
	if next := c.res.LastSeq + 1; next <= c.durable {
		return c.res, c.damage(next)
	}
	return c.res, nil
}

// scan is the work of one recovery.
type scan struct {
	*headers
	s        *Super
	g        Geometry
	fn       func(*Record)
	progress func(slots, of uint64)
	res      *Recovery
	accepted uint64   // records of the segment that was followed last
	durable  uint64   // highest sequence stated to be durable so far
	queue    []Record // of the run, in memory of their own: not known to be durable when they were found
	torn     error    // why the run ended
	tornID   uint64
	tornPos  uint32
	beyond   bool // something valid lies behind the end
}

// peek looks for the newest segment as if the log were whole. The rules do not
// need it: a head may state anything to be durable at any time. But the newest
// ones state the most, and what is known to be durable need not be queued.
func (c *scan) peek() error {
	for lo, hi := uint64(0), c.g.Slots; lo < hi; {
		mid := lo + (hi-lo)/2
		rec, bad, err := c.read(c.s.LastMigrated+1+mid, 0)
		if err != nil {
			return err
		}
		if bad != nil {
			hi = mid
			continue
		}
		c.durable = max(c.durable, rec.DurableSeq)
		lo = mid + 1
	}
	return nil
}

// head returns the first record of a segment, or one of segment 0 if there is
// none, and learns from it what is durable. It is called once for each slot.
func (c *scan) head(id uint64) (Record, error) {
	past := id - c.s.LastMigrated
	if past > c.g.Slots {
		return Record{}, nil // its slot is the first one's
	}
	rec, bad, err := c.record(id, 0)
	if err != nil {
		return Record{}, err
	}
	if c.progress != nil {
		c.progress(past, c.g.Slots)
	}
	if bad != nil {
		return Record{}, nil
	}
	c.durable = max(c.durable, rec.DurableSeq)
	return rec, nil
}

// walk follows the records from the first segment to the first break.
func (c *scan) walk() error {
	seq, epoch, prevEnd := c.s.MigratedSeq+1, uint64(0), uint32(0)
	first := c.s.LastMigrated + 1
	head, err := c.head(first)
	if err != nil {
		return err
	}
	for id := first; id < first+c.g.Slots; id++ {
		next, err := c.head(id + 1)
		if err != nil {
			return err
		}
		if head.Segment != id || head.Epoch < epoch || head.Seq != seq || c.abandoned(seq, head.Epoch) || (id != first && head.PrevEnd != prevEnd) {
			return c.end(id, 0, seq, head, next)
		}
		epoch = head.Epoch
		limit := c.limit(id, epoch, &next)
		pos, err := c.chain(head, limit)
		if err != nil {
			return err
		}
		seq += c.accepted
		if pos < limit && limit != c.g.SegmentSectors() {
			return c.end(id, pos, seq, head, next)
		}
		prevEnd, head = pos, next
	}
	if c.torn != nil { // in the last segment of a full ring
		return c.searchSlot(c.tornID, c.tornPos)
	}
	return nil
}

// chain accepts the records of a segment from its head to limit, or to the
// first break. It returns where that is.
func (c *scan) chain(rec Record, limit uint32) (pos uint32, err error) {
	id, epoch, seq := rec.Segment, rec.Epoch, rec.Seq
	for c.accepted = 0; pos < limit; c.accepted++ {
		var bad error
		if pos > 0 {
			if rec, bad, err = c.record(id, pos); err != nil {
				return 0, err
			}
		}
		if bad == nil && (rec.Seq != seq || rec.Epoch != epoch || c.abandoned(seq, epoch)) {
			bad = &FieldError{"sequence", rec.Seq, seq}
		}
		if bad != nil {
			if limit == c.g.SegmentSectors() {
				c.torn, c.tornID, c.tornPos = bad, id, pos
			}
			return pos, nil
		}
		c.accept(rec)
		pos, seq = rec.End(), seq+1
	}
	return pos, nil
}

// accept takes the next record of the run. What is known to be durable is part
// of it whatever comes later; the rest waits for the end.
func (c *scan) accept(rec Record) {
	c.durable = max(c.durable, rec.DurableSeq)
	for len(c.queue) > 0 && c.queue[0].Seq <= c.durable {
		c.emit(&c.queue[0])
		c.queue = c.queue[1:]
	}
	if rec.Seq <= c.durable {
		c.emit(&rec)
		return
	}
	rec.raw = slices.Clone(rec.raw)
	c.queue = append(c.queue, rec)
}

// emit shows a record that is in the run for good.
func (c *scan) emit(rec *Record) {
	n := len(c.res.Segments)
	if n == 0 || c.res.Segments[n-1].ID != rec.Segment {
		c.res.Segments = append(c.res.Segments, Span{ID: rec.Segment, FirstSeq: rec.Seq})
		n++
	}
	seg := &c.res.Segments[n-1]
	seg.End, seg.LastSeq = rec.End(), rec.Seq
	c.res.LastSeq, c.res.PrevEnd = rec.Seq, rec.End()
	c.fn(rec)
}

// abandoned tells whether a record was dropped by the last recovery. The chain
// alone does not tell when it starts with such a record, because what it
// followed has been migrated since, or when the record that replaced it is bad.
func (c *scan) abandoned(seq, epoch uint64) bool {
	return c.s.Life().abandoned(seq, epoch)
}

// limit is where segment id ends according to its successor's head, or the
// slot's end when that head says nothing of this past.
func (c *scan) limit(id, epoch uint64, next *Record) uint32 {
	if next.Segment == id+1 && next.Epoch >= epoch {
		return next.PrevEnd
	}
	return c.g.SegmentSectors()
}
