package logcache

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file is what migration needs of a cache: which segments may go, what
// the index may forget, and when slots are free again. It belongs to the
// background port's thread, but for what does not change.

// Life says which records are of this log. Any thread.
func (c *Cache) Life() segment.Life { return c.super.now.Life() }

// Disk names the cache device in operations. Any thread.
func (c *Cache) Disk() block.Handle { return c.disk }

// Candidates appends up to most segments that may be migrated now: oldest
// first, not migrated and later than after, closed and durable. With want it
// sees to it that closed segments that are not yet durable become so.
func (c *Cache) Candidates(dst []segment.Span, after uint64, most int, want bool) []segment.Span {
	c.lock()
	most += len(dst)
	for id := max(c.lastMigrated, after) + 1; id < c.openID() && len(dst) < most; id++ {
		s := &c.slots[c.geo.Slot(id)]
		if s.LastSeq > c.durableSeq {
			if want {
				c.wantDurable(s.LastSeq)
			}
			break
		}
		dst = append(dst, s.Span)
	}
	c.unlock()
	c.background.finish()
	return dst
}

// openID is the id of the current segment, or of the next to open.
func (c *Cache) openID() uint64 {
	if c.cur.id != 0 {
		return c.cur.id
	}
	return c.nextID
}

func (c *Cache) wantDurable(seq uint64) {
	c.durableTarget = max(c.durableTarget, seq)
	c.kick(c.background)
}

// CloseCurrent ends the current segment, if it holds anything and the log is not
// in doubt, and makes the log durable as far as it goes. It returns the id of the
// last segment that holds anything: in doubt it is for a later call to close it.
func (c *Cache) CloseCurrent() uint64 {
	c.lock()
	last := c.openID() - 1
	if c.cur.id != 0 && (c.cur.pos > 0 || c.cur.rec != nil) {
		last = c.cur.id
	}
	if !c.doubt.on() {
		c.closeOpen()
	}
	c.wantDurable(c.sealedSeq)
	c.unlock()
	c.background.finish()
	return last
}

func (c *Cache) closeOpen() {
	if c.cur.rec != nil {
		c.seal(c.background, true)
	}
	if c.cur.pos > 0 {
		c.closeSegment()
	}
}

// FlushCurrent makes durable what is in the RAM buffers now. It returns the
// sequence to wait for with [Cache.Durable].
func (c *Cache) FlushCurrent() uint64 {
	c.lock()
	seq := c.newestSeq()
	c.wantDurable(seq)
	c.unlock()
	c.background.finish()
	return seq
}

// BackingReady tells whether data of a device can be migrated: its volume is
// attached.
func (c *Cache) BackingReady(dev uint8) bool {
	c.lock()
	defer c.unlock()
	return c.volumes[dev] != nil
}

// BlockSectors is the logical block of an attached device, in sectors; 1 if there
// is none.
func (c *Cache) BlockSectors(dev uint8) uint32 {
	c.lock()
	defer c.unlock()
	if v := c.volumes[dev]; v != nil {
		return v.BlockSectors
	}
	return 1
}

// BackingFailed counts a failed operation of the migration, other than a flush,
// with its device.
func (c *Cache) BackingFailed(dev uint8) {
	c.lock()
	defer c.unlock()
	if v := c.volumes[dev]; v != nil {
		v.countError()
	}
}

// Forget drops the index entries that still point to these places: from now on
// these sectors are read from their backings.
func (c *Cache) Forget(places []segment.Placed) {
	const extents, sectors = 64, 4096 // for each hold of the lock, or one extent of any length
	for len(places) > 0 {
		n, left := 1, sectors-int64(places[0].Sectors)
		for n < min(extents, len(places)) && left >= int64(places[n].Sectors) {
			left -= int64(places[n].Sectors)
			n++
		}
		c.lock()
		c.committing = true
		for i := range places[:n] {
			c.forget(&places[i])
		}
		c.unlock()
		places = places[n:]
	}
}

func (c *Cache) forget(e *segment.Placed) {
	lba, at := e.LBA, e.At
	for n := e.Sectors; n > 0; {
		b := blockOf(lba, n)
		if _, gone := c.idx.RemoveAt(e.Device, b.block, b.mask, baseOf(e, &b, at)); gone {
			c.dirty[e.Device]--
		}
		if !e.Kind.HasPayload() {
			c.zeroBlocks--
		}
		lba, at, n = lba+uint64(b.sectors), at+int64(b.sectors), n-b.sectors
	}
}

// Migrated records that all data up to segment id is durable on the backings,
// and frees its slots when that statement is durable itself. The index has
// forgotten them by then.
func (c *Cache) Migrated(id uint64, done func(error)) {
	p, ws := c.background, c.changes.witnesses()
	c.lock()
	seq := c.slots[c.geo.Slot(id)].LastSeq
	c.updateSuper(p, func(s *segment.Super) {
		s.LastMigrated, s.MigratedSeq = id, seq
		c.changes.carry(s, &ws)
	}, func(err error) {
		if err == nil {
			c.stats.Migrated += id - c.lastMigrated
			c.lastMigrated, c.migratedSeq, c.committing = id, seq, false
			c.reclaim(p)
			c.resume(p)
			c.news.didProgress()
		}
		done(err)
	})
	c.unlock()
	p.finish()
}
