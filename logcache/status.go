package logcache

// Status is a snapshot of a cache.
type Status struct {
	Segments       uint64 // slots in the ring
	SegmentSize    uint32 // bytes
	CurrentID      uint64 // segment being filled, or the next one
	LastFlushedID  uint64 // all up to it is durable on the cache
	LastMigratedID uint64 // all up to it is durable on the backings
	DurableSeq     uint64
	SealedSeq      uint64
	DirtyBlocks    uint64 // of 4 KiB
	WaitingWrites  int    // for credit, for room, or for those before them
	IndexBytes     int64
	Contended      uint64
	Broken         string

	// Counters since resume. The cache counts in here; what is above is filled
	// in when a snapshot is taken.
	Reads              uint64
	ReadSectors        uint64
	Writes             uint64
	WriteSectors       uint64
	Discards           uint64 // requests
	WriteZeroes        uint64 // requests
	ZeroedSectors      uint64 // of both
	Flushes            uint64
	Gathered           uint64 // groups of barriers that waited for company
	HitRAMSectors      uint64
	HitLogSectors      uint64
	HitZeroSectors     uint64
	MissSectors        uint64
	InPlace            uint64
	Waited             uint64
	WaitSlot           uint64
	WaitBuffer         uint64
	WaitIndex          uint64 // discards only
	Records            uint64
	LogBytes           uint64
	LogFlushes         uint64
	LogWriteErrors     uint64
	LogFlushErrors     uint64
	Migrated           uint64
	DiscardedSlotBytes uint64
	DiscardSlotErrors  uint64
}

// zeroed counts a discard or write-zeroes that is in the log.
func (s *Status) zeroed(r *Request) {
	if r.Op == Discard {
		s.Discards++
	} else {
		s.WriteZeroes++
	}
	s.ZeroedSectors += uint64(r.Sectors)
}

// Status takes a snapshot. Any thread.
func (c *Cache) Status() Status {
	c.lock()
	defer c.unlock()
	s := c.stats
	s.Segments, s.SegmentSize = c.geo.Slots, c.geo.SegmentSize
	s.CurrentID, s.LastFlushedID, s.LastMigratedID = c.openID(), c.lastFlushed(), c.lastMigrated
	s.DurableSeq, s.SealedSeq = c.durableSeq, c.sealedSeq
	s.DirtyBlocks, s.WaitingWrites = c.dirtyBlocks(), c.line.n
	s.IndexBytes, s.Contended = c.idx.Bytes(), c.contended.Load()
	if c.broken != nil {
		s.Broken = c.broken.Error()
	}
	return s
}

// VolumeStatus is a snapshot of a volume.
type VolumeStatus struct {
	DirtyBlocks uint64       // of 4 KiB, in the log of the cache that it is attached to
	Errors      uint64       // device operations below it that failed
	Bypass      Bypass       // what may go past the log
	Bypassed    BypassStatus // what did
	Recent      [routes]int  // by route, the last 128 writes that came while any might have bypassed the log

	// Counters since the device was created. The volume counts in here; what is
	// above is filled in when a snapshot is taken.
	SlowedWrites uint64 // that have had to wait for credit
}

// Status takes a snapshot. Any thread.
func (v *Volume) Status() VolumeStatus {
	defer v.lock()()
	s, b := v.stats, &v.bypass
	if c := v.cache.Load(); c != nil {
		s.DirtyBlocks = c.dirty[v.ID]
	}
	s.Errors = v.errors.Load()
	s.Bypass, s.Bypassed, s.Recent = b.Bypass, b.status, b.recentRoutes()
	return s
}

// dirtyBlocks is how many blocks of all devices are in the log.
func (c *Cache) dirtyBlocks() (sum uint64) {
	for _, n := range c.dirty {
		sum += n
	}
	return sum
}

// lastFlushed is the newest segment that, with all before it, is closed and
// durable.
func (c *Cache) lastFlushed() uint64 {
	id := c.openID() - 1
	for id > c.lastMigrated && c.slots[c.geo.Slot(id)].LastSeq > c.durableSeq {
		id--
	}
	return id
}

// DirtyBlocks is how many 4 KiB blocks of a device are in the log. Any thread.
func (c *Cache) DirtyBlocks(dev uint8) uint64 {
	c.lock()
	defer c.unlock()
	return c.dirty[dev]
}

// Durable tells whether records up to seq are durable, or why they never will
// be. Any thread.
func (c *Cache) Durable(seq uint64) (bool, error) {
	c.lock()
	defer c.unlock()
	return c.durableSeq >= seq, c.broken
}

// LastMigrated is the newest segment whose slot is free. Any thread.
func (c *Cache) LastMigrated() (id uint64, err error) {
	c.lock()
	defer c.unlock()
	return c.lastMigrated, c.broken
}
