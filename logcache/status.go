package logcache

// counters are kept under the cache's lock.
type counters struct {
	reads, readSectors   uint64
	writes, writeSectors uint64
	discards, zeroes     uint64 // requests
	zeroedSectors        uint64 // of both
	flushes              uint64
	hitRAM, hitLog, miss uint64 // sectors
	hitZero              uint64
	inPlace              uint64
	parked               uint64
	waitSlot, waitBuffer uint64
	waitIndex            uint64
	records, logBytes    uint64
	logFlushes           uint64
	logWriteErrors       uint64
	logFlushErrors       uint64
	migrated             uint64
	trimmed, trimErrors  uint64
}

// zeroed counts a discard or write-zeroes that is in the log.
func (k *counters) zeroed(r *Request) {
	if r.Op == Discard {
		k.discards++
	} else {
		k.zeroes++
	}
	k.zeroedSectors += uint64(r.Sectors)
}

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

	Reads          uint64
	ReadSectors    uint64
	Writes         uint64
	WriteSectors   uint64
	Discards       uint64
	WriteZeroes    uint64
	ZeroedSectors  uint64
	Flushes        uint64
	HitRAMSectors  uint64
	HitLogSectors  uint64
	HitZeroSectors uint64
	MissSectors    uint64
	InPlace        uint64
	Parked         uint64
	WaitSlot       uint64
	WaitBuffer     uint64
	WaitIndex      uint64 // discards only
	Records        uint64
	LogBytes       uint64
	LogFlushes     uint64
	LogWriteErrors uint64
	LogFlushErrors uint64
	Migrated       uint64
	TrimmedBytes   uint64
	TrimErrors     uint64
}

// Status takes a snapshot. Any thread.
func (c *Cache) Status() Status {
	c.lock()
	defer c.mu.Unlock()
	k := &c.stats
	s := Status{
		Segments: c.geo.Slots, SegmentSize: c.geo.SegmentSize,
		CurrentID: c.openID(), LastFlushedID: c.lastFlushed(), LastMigratedID: c.lastMigrated,
		DurableSeq: c.durableSeq, SealedSeq: c.sealedSeq, DirtyBlocks: c.dirtyBlocks(),
		WaitingWrites: c.line.n, IndexBytes: c.idx.Bytes(), Contended: c.contended.Load(),
		Reads: k.reads, ReadSectors: k.readSectors, Writes: k.writes, WriteSectors: k.writeSectors, Flushes: k.flushes,
		Discards: k.discards, WriteZeroes: k.zeroes, ZeroedSectors: k.zeroedSectors, HitZeroSectors: k.hitZero, WaitIndex: k.waitIndex,
		HitRAMSectors: k.hitRAM, HitLogSectors: k.hitLog, MissSectors: k.miss, InPlace: k.inPlace,
		Parked: k.parked, WaitSlot: k.waitSlot, WaitBuffer: k.waitBuffer, Records: k.records, LogBytes: k.logBytes,
		LogFlushes: k.logFlushes, LogWriteErrors: k.logWriteErrors, LogFlushErrors: k.logFlushErrors, Migrated: k.migrated,
		TrimmedBytes: k.trimmed, TrimErrors: k.trimErrors,
	}
	if c.broken != nil {
		s.Broken = c.broken.Error()
	}
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
	defer c.mu.Unlock()
	return c.dirty[dev]
}

// Durable tells whether records up to seq are durable, or why they never will
// be. Any thread.
func (c *Cache) Durable(seq uint64) (bool, error) {
	c.lock()
	defer c.mu.Unlock()
	return c.durableSeq >= seq, c.broken
}

// LastMigrated is the newest segment whose slot is free. Any thread.
func (c *Cache) LastMigrated() (id uint64, err error) {
	c.lock()
	defer c.mu.Unlock()
	return c.lastMigrated, c.broken
}
