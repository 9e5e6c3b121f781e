package segment

// This file looks at the end of the run: what lies behind it, whether its last
// records are whole, and whether it should have ended there.

// end notes where the run broke, and learns from all that lies behind what
// was durable: a record there may state that the break should not be. head and
// next are the heads of segment id and of the one after it, the last ones that
// have been read.
func (c *scan) end(id uint64, pos uint32, seq uint64, head, next Record) error {
	if c.torn == nil || pos != 0 {
		c.torn, c.tornID, c.tornPos = errNoRecord, id, pos
	}
	behind, err := c.behind(id, seq, head, next)
	if err != nil {
		return err
	}
	if err := c.searchSlot(c.tornID, c.tornPos); err != nil {
		return err
	}
	if id != c.tornID { // it may be the head here that is missing
		if err := c.searchSlot(id, 0); err != nil {
			return err
		}
	}
	for _, id := range behind {
		c.beyond = true
		if err := c.searchChain(id); err != nil {
			return err
		}
	}
	return nil
}

// behind reads the heads that are left, and returns the segments that start
// behind the run.
func (c *scan) behind(id, seq uint64, head, next Record) (ids []uint64, err error) {
	last := c.s.LastMigrated + c.g.Slots
	for at := id; at <= last; at++ {
		switch at {
		case id:
		case id + 1:
			head = next
		default:
			if head, err = c.head(at); err != nil {
				return nil, err
			}
		}
		if head.Segment == at && head.Seq >= seq {
			ids = append(ids, at)
		}
	}
	return ids, nil
}

// searchChain reads the headers of a segment behind the break.
func (c *scan) searchChain(id uint64) error {
	for pos := uint32(0); pos < c.g.SegmentSectors(); {
		rec, bad, err := c.record(id, pos)
		if err != nil {
			return err
		}
		if bad != nil {
			return nil
		}
		c.durable = max(c.durable, rec.DurableSeq)
		pos = rec.End()
	}
	return nil
}

// searchSlot looks at every place behind pos where a record may start for headers
// of the segment. They are many, so the slot is read at once.
func (c *scan) searchSlot(id uint64, pos uint32) error {
	step := c.g.RecordSectors()
	pos += step
	if pos >= c.g.SegmentSectors() {
		return nil
	}
	b := aligned(int(c.g.SegmentSectors()-pos) * SectorSize)
	unread, err := ReadAround(c.r, b, c.offset(id, pos), int(c.g.BlockSize))
	if err != nil {
		return err
	}
	c.unread = append(c.unread, unread...)
	for ; len(b) > 0; b, pos = b[step*SectorSize:], pos+step {
		if rec, err := ParseRecord(b, c.g, c.s.Nonce, id, pos); err == nil {
			c.beyond = true
			c.durable = max(c.durable, rec.DurableSeq)
		}
	}
	return nil
}

// verifyTail reads the payload of what is not known to be durable, and cuts
// the run at the first record that is not whole.
func (c *scan) verifyTail() error {
	var buf []byte // one segment
	for i := range c.queue {
		rec := &c.queue[i]
		if rec.Seq > c.durable {
			if buf == nil {
				buf = aligned(int(c.g.SegmentSize))
			}
			bad, err := c.verify(rec, buf[:int(rec.PayloadSectors)*SectorSize])
			if err != nil {
				return err
			}
			if bad != nil {
				c.torn, c.tornID, c.tornPos = bad, rec.Segment, rec.Position
				c.beyond = true
				return nil
			}
		}
		c.emit(rec)
	}
	return nil
}

// verify reads the payload of a record, and tells what is bad about it.
func (c *scan) verify(rec *Record, payload []byte) (bad, err error) {
	off := c.offset(rec.Segment, rec.PayloadPosition())
	if _, err := c.r.ReadAt(payload, off); err != nil {
		if bad, err = c.missing(payload, off, err); bad != nil {
			c.res.Doubt = bad.(*Unread)
		}
		return bad, err
	}
	return rec.VerifyPayload(payload), nil
}

// lookBehind looks at the two places where the record behind the run would be:
// in its last slot, and at the head of the next segment.
func (c *scan) lookBehind() error {
	places := []struct {
		id  uint64
		pos uint32
	}{{c.res.NextSegment(c.s), 0}}
	if n := len(c.res.Segments); n > 0 && c.res.PrevEnd < c.g.SegmentSectors() {
		id := c.res.Segments[n-1].ID
		places = append(places, places[0])
		places[0].id, places[0].pos = id, c.res.PrevEnd
		_, bad, err := c.read(id, c.res.PrevEnd)
		if err != nil {
			return err
		}
		c.res.Remnant = bad == nil || badSector(bad)
	}
	if err := c.steady(); err != nil {
		return err
	}
	c.res.Unread = c.unread
	for _, p := range places {
		if off := c.offset(p.id, p.pos); c.res.Doubt == nil {
			c.res.Doubt = c.unreadAt(off, off+SectorSize)
		}
	}
	if c.s.Clean && c.res.LastSeq == c.s.DurableSeq {
		c.res.Doubt = nil // that was the last one
	}
	return nil
}

// damage says where the run ended too early. What could not be read at either
// place where its next record would be is the reason; else it is at the first.
func (c *scan) damage(seq uint64) error {
	id, pos, reason := c.tornID, c.tornPos, c.torn
	if u := c.res.Doubt; u != nil {
		reason = u
		if off := c.offset(id, pos); pos > 0 && c.unreadAt(off, off+SectorSize) == nil {
			id, pos = id+1, 0
		}
	}
	slot := c.g.Slot(id)
	return &DamageError{Segment: id, Slot: slot, Offset: c.offset(id, pos), Seq: seq, Durable: c.durable, Reason: reason}
}
