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
	Segments       uint64 `json:"segments"`         // slots in the ring
	SegmentSize    uint32 `json:"segment_size"`     // bytes
	CurrentID      uint64 `json:"current_id"`       // segment being filled, or the next one
	LastFlushedID  uint64 `json:"last_flushed_id"`  // all up to it is durable on the cache
	LastMigratedID uint64 `json:"last_migrated_id"` // all up to it is durable on the backings
	DurableSeq     uint64 `json:"durable_seq"`
	SealedSeq      uint64 `json:"sealed_seq"`
	DirtyBlocks    uint64 `json:"dirty_blocks"` // of 4 KiB
	ParkedWrites   int    `json:"parked_writes"`
	IndexBytes     int64  `json:"index_bytes"`
	Contended      uint64 `json:"lock_contended"`
	Broken         string `json:"broken,omitempty"`

	Reads          uint64 `json:"reads"`
	ReadSectors    uint64 `json:"read_sectors"`
	Writes         uint64 `json:"writes"`
	WriteSectors   uint64 `json:"write_sectors"`
	Discards       uint64 `json:"discards"`
	WriteZeroes    uint64 `json:"write_zeroes"`
	ZeroedSectors  uint64 `json:"zeroed_sectors"`
	Flushes        uint64 `json:"flushes"`
	HitRAMSectors  uint64 `json:"hit_ram_sectors"`
	HitLogSectors  uint64 `json:"hit_log_sectors"`
	HitZeroSectors uint64 `json:"hit_zero_sectors"`
	MissSectors    uint64 `json:"miss_sectors"`
	InPlace        uint64 `json:"overwritten_in_place"`
	Parked         uint64 `json:"parked_total"`
	WaitSlot       uint64 `json:"waits_for_slot"`
	WaitBuffer     uint64 `json:"waits_for_buffer"`
	WaitIndex      uint64 `json:"waits_for_index"` // discards only
	Records        uint64 `json:"records"`
	LogBytes       uint64 `json:"log_bytes"`
	LogFlushes     uint64 `json:"log_flushes"`
	LogWriteErrors uint64 `json:"log_write_errors"`
	LogFlushErrors uint64 `json:"log_flush_errors"`
	Migrated       uint64 `json:"migrated_segments"`
	TrimmedBytes   uint64 `json:"discarded_slot_bytes"`
	TrimErrors     uint64 `json:"discard_slot_errors"`
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
		ParkedWrites: c.parked.n, IndexBytes: c.idx.Bytes(), Contended: c.contended.Load(),
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

// lastFlushed is the newest segment that, with all before it, is closed and durable.
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

// Durable tells whether records up to seq are durable, or why they never will be. Any thread.
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
