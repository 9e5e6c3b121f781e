package control

// Status is all that the server knows.
type Status struct {
	Server  ServerStatus   `json:"server"`  // the server itself
	Daemon  DaemonStatus   `json:"daemon"`  // its autonomous control
	Caches  []CacheStatus  `json:"caches"`  // by id
	Devices []DeviceStatus `json:"devices"` // by id
}

// ServerStatus is the server itself.
type ServerStatus struct {
	PID           int    `json:"pid"`            // its process
	Version       string `json:"version"`        // of the program that it runs
	UptimeSeconds int64  `json:"uptime_seconds"` // since it started
}

// DaemonStatus is the autonomous control.
type DaemonStatus struct {
	Running   bool   `json:"running"`              // it was started, and not stopped since
	LastError string `json:"last_error,omitempty"` // what went wrong in it last, in words
}

// CacheStatus is a cache in full: what list shows of it, and what follows.
type CacheStatus struct {
	CacheLine
	Log       Log            `json:"log"`                 // what it has logged, read and answered
	Migration Migration      `json:"migration"`           // from the log to the backings
	Settings  map[string]any `json:"settings"`            // what is set, by the names of the control tree: true or false, or a number; sysfsio/KNOBS.md has the units
	WaitsFor  []string       `json:"waits_for,omitempty"` // what holds it up, in words
}

// DeviceStatus is a device in full: what list shows of it, and what follows.
type DeviceStatus struct {
	DeviceLine
	MigrateThreshold int `json:"migrate_threshold"` // how busy others may keep the backing for the daemon to allow migration, in %
	BackingBusy      int `json:"backing_busy"`      // how busy they did in the last interval, in %; 0 while the daemon does not run

	SequentialCutoff uint64 `json:"sequential_cutoff"` // length of a stream of writes from which it bypasses the log, in bytes; 0 = none does
	SequentialMerge  bool   `json:"sequential_merge"`  // a stream is followed over all its requests
	Bypass           Bypass `json:"bypass"`            // what bypassed the log
}

// Log is a cache's log. Requests, errors and the like are counted since the
// cache was resumed.
type Log struct {
	Segments       uint64 `json:"segments"`         // that the log has room for
	SegmentSize    uint32 `json:"segment_size"`     // bytes
	CurrentID      uint64 `json:"current_id"`       // segment that is being filled, or the next one
	LastFlushedID  uint64 `json:"last_flushed_id"`  // all up to this segment is durable on the cache device
	LastMigratedID uint64 `json:"last_migrated_id"` // all up to this segment is durable on the backings
	DurableSeq     uint64 `json:"durable_seq"`      // all records up to this one are durable on the cache device
	SealedSeq      uint64 `json:"sealed_seq"`       // the last record that was closed
	DirtyBlocks    uint64 `json:"dirty_blocks"`     // of all devices in the log, 4 KiB each
	WaitingWrites  int    `json:"waiting_writes"`   // writes that wait now: for room in the log or in the RAM buffers, or because writers are slowed
	IndexBytes     int64  `json:"index_bytes"`      // memory of the index
	Contended      uint64 `json:"lock_contended"`   // times that a thread found the cache's lock taken
	Broken         string `json:"broken,omitempty"` // why the log cannot be continued, in words

	Reads              uint64 `json:"reads"`                // requests
	ReadSectors        uint64 `json:"read_sectors"`         // of 512 bytes
	Writes             uint64 `json:"writes"`               // requests that went to the log
	WriteSectors       uint64 `json:"write_sectors"`        // of 512 bytes
	Discards           uint64 `json:"discards"`             // requests
	WriteZeroes        uint64 `json:"write_zeroes"`         // requests
	ZeroedSectors      uint64 `json:"zeroed_sectors"`       // by discards and write-zeroes, of 512 bytes
	Flushes            uint64 `json:"flushes"`              // requests
	Gathered           uint64 `json:"barrier_waits"`        // groups of barriers that waited for company, as barrier_deadline_ms lets them
	HitRAMSectors      uint64 `json:"hit_ram_sectors"`      // read from the RAM buffers
	HitLogSectors      uint64 `json:"hit_log_sectors"`      // read from the log
	HitZeroSectors     uint64 `json:"hit_zero_sectors"`     // read of what is zeroes in the log, and nowhere else
	MissSectors        uint64 `json:"miss_sectors"`         // read from the backing
	InPlace            uint64 `json:"overwritten_in_place"` // writes over data that was still in its RAM buffer
	Waited             uint64 `json:"parked_total"`         // writes that had to wait for room
	WaitSlot           uint64 `json:"waits_for_slot"`       // times that there was no free segment
	WaitBuffer         uint64 `json:"waits_for_buffer"`     // times that the next RAM buffer was still in use
	WaitIndex          uint64 `json:"waits_for_index"`      // times that a discard waited, since the log held so many
	Records            uint64 `json:"records"`              // written to the log
	LogBytes           uint64 `json:"log_bytes"`            // the same in bytes, headers included
	LogFlushes         uint64 `json:"log_flushes"`          // of the cache device
	LogWriteErrors     uint64 `json:"log_write_errors"`     // failed writes of the cache device; a failed flush behind the superblock counts here
	LogFlushErrors     uint64 `json:"log_flush_errors"`     // failed flushes of the cache device
	Migrated           uint64 `json:"migrated_segments"`    // whose room is free again
	DiscardedSlotBytes uint64 `json:"discarded_slot_bytes"` // of the log that were discarded, as discard_slots wants it
	DiscardSlotErrors  uint64 `json:"discard_slot_errors"`  // failed discards of the log
}

// Migration is what went from the log to the backings since the cache was resumed.
type Migration struct {
	State     string `json:"state"`                     // of the batch: idle, reading, writing, flushing or committing; empty while the cache is being resumed
	Batches   uint64 `json:"batches"`                   // that are done
	Segments  uint64 `json:"segments"`                  // in these
	Ahead     uint64 `json:"read_ahead"`                // segments read while the batch before was written
	Writes    uint64 `json:"writes"`                    // to the backings, merged
	Bytes     uint64 `json:"bytes"`                     // written to the backings
	Zeroed    uint64 `json:"zeroed"`                    // bytes of the backings discarded, or made zeroes
	Flushes   uint64 `json:"flushes"`                   // of the backings
	Errors    uint64 `json:"errors"`                    // failed operations
	Failed    uint64 `json:"failed_batches"`            // that are tried again
	Damaged   uint64 `json:"damaged_segment,omitempty"` // that the last batch failed for; absent if none
	LastError string `json:"last_error,omitempty"`      // what the last batch failed with, in words; absent if it did not fail
}

// Bypass is what went past the log since the device was created.
type Bypass struct {
	SequentialWrites uint64 `json:"sequential_writes"` // in long streams
	SequentialBytes  uint64 `json:"sequential_bytes"`  // the same in bytes
	CongestedWrites  uint64 `json:"congested_writes"`  // while the cache device was slow
	CongestedBytes   uint64 `json:"congested_bytes"`   // the same in bytes
	OccupiedWrites   uint64 `json:"occupied_writes"`   // that did not, for data of their range in the log or under way
	WitnessedWrites  uint64 `json:"witnessed_writes"`  // that did not, for what tells the disk from others
}

// Why tells in words why a device is as it is.
type Why struct {
	Device      int         `json:"device"`            // its id
	Name        string      `json:"name"`              // given at create
	CacheID     int         `json:"cache_id"`          // cache that it is attached to; 0 for none
	State       DeviceState `json:"state"`             // what it is
	Doing       *Doing      `json:"doing,omitempty"`   // what a command does to it; absent if none does
	DirtyBlocks uint64      `json:"dirty_blocks"`      // of the device in the log, 4 KiB each
	Draining    bool        `json:"draining"`          // migration goes on
	Migration   string      `json:"migration"`         // which rule says so, with its figures, in words
	HeldUp      string      `json:"held_up,omitempty"` // what migration fails with, in words
	Writes      string      `json:"writes"`            // where writes go, how fast, and why, in words
}

// Features is what the kernel's ublk can do.
type Features struct {
	Bits     uint64   `json:"bits"`     // as the kernel has them
	Features []string `json:"features"` // their names
}
