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
	if err := c.readAt(b, id, pos); err != nil {
		return err
	}
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
			payload := buf[:int(rec.PayloadSectors)*SectorSize]
			if err := c.readAt(payload, rec.Segment, rec.PayloadPosition()); err != nil {
				return err
			}
			if err := rec.VerifyPayload(payload); err != nil {
				c.torn, c.tornID, c.tornPos = err, rec.Segment, rec.Position
				c.beyond = true
				return nil
			}
		}
		c.emit(rec)
	}
	return nil
}

// damage says where the run ended too early.
func (c *scan) damage(seq uint64) error {
	reason := c.torn
	if reason == nil {
		reason = errNoRecord
	}
	slot := c.g.Slot(c.tornID)
	return &DamageError{Segment: c.tornID, Slot: slot, Offset: c.g.SlotOffset(slot) + int64(c.tornPos)*SectorSize, Seq: seq, Durable: c.durable, Reason: reason}
}
