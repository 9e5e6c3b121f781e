package logcache

import "github.com/ublk-lc/ublk-lc/segment"

// Gauge is the little that the pace of migration depends on. It is looked at
// many times a second.
type Gauge struct {
	Newest       uint64 // newest segment that holds data
	LastMigrated uint64
	Closed       uint64 // segments that are full and not migrated
	DirtyBlocks  uint64 // of 4 KiB
	Full         bool   // writes wait for what migration makes room for
	Slowed       bool   // writes wait, and all for credit: see [Cache.Limit]

	Dirty [segment.MaxDevices + 1]uint64 // blocks, by device id
}

// Gauge takes the figures. Any thread.
func (c *Cache) Gauge() Gauge {
	c.lock()
	defer c.unlock()
	g := Gauge{
		Newest: c.openID() - 1, LastMigrated: c.lastMigrated, Closed: c.openID() - 1 - c.lastMigrated,
		Full: c.full(), Slowed: c.line.slowed(), DirtyBlocks: c.dirtyBlocks(), Dirty: c.dirty,
	}
	if c.cur.id != 0 && (c.cur.pos > 0 || c.cur.rec != nil) {
		g.Newest = c.cur.id
	}
	return g
}

// full tells whether the write whose turn it is waits for migration: for a
// slot or, if it is a discard, for the index to hold fewer of them. Else it waits
// for the cache device, and will go on by itself.
func (c *Cache) full() bool {
	r := c.line.next()
	if r == nil {
		return false
	}
	return c.cur.id == 0 && !c.slotFree() || r.Op != Write && c.zeroBlocks >= c.zeroLimit()
}
