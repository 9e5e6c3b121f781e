package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// This file lets sectors of the log go bad, or not be read any more, while the
// power is off, also those that an earlier crash has left. What a recovery makes
// of it is held against the one of the same image with nothing wrong, which knows
// where each record lies and what it states to be durable.

// decay is a sector of the cache device, as the images count, that is bad.
type decay struct {
	at     int
	unread bool // else a bit is flipped
}

// decayed is an image of the cache device with some bad sectors.
type decayed struct {
	imageReader
	unread []int
}

// ReadAt reads whole sectors.
func (r decayed) ReadAt(b []byte, off int64) (int, error) {
	for i := range len(b) / sectorSize {
		at := r.d.fold(int(off/sectorSize) + i)
		if at < 0 {
			clear(b[i*sectorSize : (i+1)*sectorSize]) // reserved room
			continue
		}
		if slices.Contains(r.unread, at) {
			return 0, errIO
		}
		if _, err := r.imageReader.ReadAt(b[i*sectorSize:(i+1)*sectorSize], off+int64(i*sectorSize)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// spot is where a record lies: its header, and its payload up to end.
type spot struct {
	segment.Header
	at, payload, end int // sectors of the image
	placed           []segment.Placed
}

// hit tells whether a sector is of the header, or of the payload.
func (s *spot) hit(at int) (header, payload bool) {
	return s.at <= at && at < s.payload, s.payload <= at && at < s.end
}

// history is what a recovery has found.
type history struct {
	super *segment.Super
	spots []spot
	rec   *segment.Recovery
	err   error
}

// recall recovers a log.
func (c *checker) recall(r decayed, super *segment.Super) *history {
	h := &history{super: super}
	h.rec, h.err = segment.Recover(r, super, func(r *segment.Record) {
		g := super.Geometry
		at := c.s.cache.fold(int(g.SlotSector(g.Slot(r.Segment))) + int(r.Position))
		h.spots = append(h.spots, spot{r.Header, at, at + int(r.HeaderSectors), at + int(r.HeaderSectors) + int(r.PayloadSectors), r.AppendPlaced(nil, g)})
	})
	return h
}

// next are the sectors where the next record would begin.
func (c *checker) next(h *history) []int {
	g := h.super.Geometry
	id := h.rec.NextSegment(h.super)
	var at []int
	if id <= h.super.LastMigrated+g.Slots {
		at = append(at, c.s.cache.fold(int(g.SlotSector(g.Slot(id)))))
	}
	if n := len(h.rec.Segments); n > 0 && h.rec.PrevEnd < g.SegmentSectors() {
		at = append(at, c.s.cache.fold(int(g.SlotSector(g.Slot(h.rec.Segments[n-1].ID)))+int(h.rec.PrevEnd)))
	}
	return at
}

// choose picks a sector: of a header, of a payload, where the log goes on, or any.
func (c *checker) choose(r *rand.Rand, h *history) decay {
	d := decay{at: 2*superSectors + r.IntN(len(c.s.cache.durable)-2*superSectors), unread: r.IntN(2) == 0}
	kind := r.IntN(5)
	if next := c.next(h); kind == 0 && len(next) > 0 {
		d.at, d.unread = next[r.IntN(len(next))], true
	} else if n := len(h.spots); n > 0 && kind < 4 {
		s := h.spots[max(0, n-1-r.IntN(min(n, 1+3*kind)))] // the newest are the most telling
		d.at = s.at + r.IntN(s.end-s.at)
		if kind == 1 {
			d.at = s.at + r.IntN(s.payload-s.at)
		}
	}
	return d
}

// spoilt is an image with bad sectors; m becomes it.
func (c *checker) spoilt(m *images, ds []decay) decayed {
	r := decayed{imageReader: imageReader{c.s.cache, m.disk[0]}}
	for _, d := range ds {
		if d.unread {
			r.unread = append(r.unread, d.at)
			continue
		}
		bad := append([]byte(nil), c.s.st.get(m.disk[0][d.at])...)
		bad[d.at*7%sectorSize] ^= 4
		m.disk[0][d.at] = c.s.st.put(bad)
	}
	return r
}

// decay lets up to most sectors of an image go bad, looks at what a recovery says,
// and makes the image what it was. With on it goes on from there; it tells whether
// all that was left could be salvaged.
func (c *checker) decay(m *images, r *rand.Rand, most int, on bool) (salvaged bool) {
	super, err := segment.NewestSuper(c.superblocks(m))
	if err != nil {
		fail("recovery", "%v", err)
	}
	whole := c.recall(decayed{imageReader: imageReader{c.s.cache, m.disk[0]}}, super)
	if whole.err != nil {
		fail("recovery", "%v", whole.err)
	}
	var ds []decay
	for range 1 + r.IntN(most) {
		ds = append(ds, c.choose(r, whole))
	}
	copy(c.spare.disk[0], m.disk[0])
	dev := c.spoilt(m, ds)
	bad := c.recall(dev, super)
	c.judge(whole, bad, ds)
	if on {
		c.agree(dev, bad)
		salvaged = c.salvage(m, dev, bad)
	}
	copy(m.disk[0], c.spare.disk[0])
	return salvaged
}

// judge holds a recovery with decay against the one without.
func (c *checker) judge(whole, bad *history, ds []decay) {
	for i := range bad.spots {
		if i >= len(whole.spots) || bad.spots[i].Header != whole.spots[i].Header {
			fail("P6", "%v: record %d of segment %d is back, which was none before", ds, bad.spots[i].Seq, bad.spots[i].Segment)
		}
	}
	end := len(bad.spots)
	var damage *segment.DamageError
	if bad.err != nil && !errors.As(bad.err, &damage) {
		fail("P6", "%v: recovery fails: %v", ds, bad.err)
	}
	if end == len(whole.spots) {
		if damage != nil {
			fail("P6", "%v: %v, but all is there", ds, damage)
		}
		c.judgeDoubt(bad, ds)
		return
	}
	lost := &whole.spots[end]
	hurt, unread := lost.hurt(ds)
	stated := stated(whole, ds)
	switch {
	case !hurt:
		fail("P6", "%v: record %d at sector %d is gone, of which nothing is bad", ds, lost.Seq, lost.at)
	case damage == nil && lost.Seq <= stated:
		fail("P6", "%v: record %d is gone without a word, and records up to %d were durable", ds, lost.Seq, stated)
	case damage == nil && unread && bad.rec.Doubt == nil:
		fail("P6", "%v: record %d cannot be read, and nothing is said", ds, lost.Seq)
	case damage != nil:
		c.judgeDamage(damage, whole, lost, unread && len(ds) == 1)
	}
}

// hurt tells whether anything is bad about a record, and whether that is known to
// be so because it cannot be read.
func (s *spot) hurt(ds []decay) (hurt, unread bool) {
	flipped := false
	for _, d := range ds {
		header, payload := s.hit(d.at)
		hurt, unread = hurt || header || payload, unread || (header || payload) && d.unread
		flipped = flipped || header && !d.unread
	}
	return hurt, unread && !flipped
}

// stated is what is durable by what is left of the headers, if one sector is bad.
// With several, a header that is whole may not be found.
func stated(whole *history, ds []decay) uint64 {
	durable := whole.super.DurableSeq
	for i := range whole.spots {
		s := &whole.spots[i]
		if header, _ := s.hit(ds[0].at); len(ds) == 1 && !header {
			durable = max(durable, s.DurableSeq)
		}
	}
	return durable
}

// judgeDamage wants damage to be real, and where it is said to be.
func (c *checker) judgeDamage(d *segment.DamageError, whole *history, lost *spot, unread bool) {
	at := c.s.cache.fold(int(d.Offset / sectorSize))
	switch {
	case d.Seq != lost.Seq || d.Seq > whole.rec.Durable:
		fail("P6", "%v, but record %d is what is bad, and records up to %d were durable", d, lost.Seq, whole.rec.Durable)
	case at == lost.at:
	case unread:
		fail("P6", "%v, but it is sector %d that cannot be read", d, lost.at)
	case lost.Position > 0 && d.Segment != lost.Segment+1 || lost.Position == 0 && d.Segment != lost.Segment-1:
		fail("P6", "%v, but record %d is at sector %d", d, lost.Seq, lost.at)
	}
}

// judgeDoubt wants to hear of a place where the next record may have been, if that
// cannot be read, and of no other.
func (c *checker) judgeDoubt(h *history, ds []decay) {
	block := int(h.super.Geometry.BlockSectors())
	near, there := false, false
	for _, d := range ds {
		near = near || d.unread
		for _, at := range c.next(h) {
			there = there || d.unread && at <= d.at && d.at < at+block
		}
	}
	clean := h.super.Clean && h.rec.LastSeq == h.super.DurableSeq
	if there && !clean && h.rec.Doubt == nil || (clean || !near) && h.rec.Doubt != nil {
		fail("P6", "%v: doubt is %v, though where the log ends cannot be read is %v, and clean %v", ds, h.rec.Doubt, there, clean)
	}
}

func (d decay) String() string {
	if d.unread {
		return fmt.Sprintf("sector %d unreadable", d.at)
	}
	return fmt.Sprintf("sector %d flipped", d.at)
}
