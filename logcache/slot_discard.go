package logcache

import "github.com/ublk-lc/ublk-lc/segment/block"

// slotDiscardBytes is what one discard of slots gives back at most: a device
// may serve nothing else meanwhile.
const slotDiscardBytes = 32 << 20

// slotDiscard gives the room of migrated slots back to the cache device before
// they are used again, if the administrator wants that.
//
// A slot may go when the superblock is durable that says its data is migrated:
// recovery looks for no record in it then. A read that began before that may
// still be under way in it, so such a slot keeps its room. And it is not written
// again before its discard has completed, or the discard might take what is new.
type slotDiscard struct {
	on       bool
	freed    uint64 // the slots of segments up to here may be written again
	upTo     uint64 // and of those up to here, when the discards under way have completed
	inFlight int    // discards
}

// SetDiscardSlots says whether slots are discarded before they are used again. A
// device that cannot discard would be written full of zeroes instead. Any thread.
func (c *Cache) SetDiscardSlots(on bool) {
	c.lock()
	defer c.unlock()
	c.slotDiscard.on = on
}

// reclaim lets the slots of migrated segments be used again, or has them
// discarded first. p is the background port.
func (c *Cache) reclaim(p *Port) {
	t := &c.slotDiscard
	if t.inFlight > 0 {
		return
	}
	if t.on && c.health() == Healthy {
		c.discardSlots(p)
	}
	if t.inFlight == 0 {
		t.freed = c.lastMigrated
	}
}

func (c *Cache) discardSlots(p *Port) {
	t := &c.slotDiscard
	t.upTo = c.lastMigrated
	for id := t.freed + 1; id <= t.upTo; id++ {
		n := c.neighbours(id, t.upTo)
		if n == 0 {
			continue
		}
		o := p.newLogOp(c, forSlotDiscard, block.Discard, c.geo.SlotOffset(c.geo.Slot(id)), nil)
		o.Length = int64(n) * int64(c.geo.SegmentSize)
		t.inFlight++
		id += n - 1
	}
}

// neighbours counts the segments from first to last whose slots can be discarded
// in one piece.
func (c *Cache) neighbours(first, last uint64) uint64 {
	slot, n := c.geo.Slot(first), uint64(0)
	most := min(last+1-first, c.geo.Slots-slot, max(1, slotDiscardBytes/uint64(c.geo.SegmentSize)))
	for n < most && c.slots[slot+n].refs == 0 {
		n++
	}
	return n
}

// slotsDiscarded takes the completion of a discard. One that failed has left
// data that nobody looks for.
func (c *Cache) slotsDiscarded(p *Port, o *operation, err error) {
	length := o.Length
	p.release(o)
	c.lock()
	defer c.unlock()
	if err != nil {
		c.stats.DiscardSlotErrors++
	} else {
		c.stats.DiscardedSlotBytes += uint64(length)
	}
	t := &c.slotDiscard
	if t.inFlight--; t.inFlight > 0 {
		return
	}
	t.freed = t.upTo
	c.reclaim(p)
	c.resume(p)
	c.news.didProgress()
}
