package sysfsio

// Settings are what the administrator chooses for a cache.
type Settings struct {
	AllowMigrate       bool `json:"allow_migrate"`
	ForceMigrate       bool `json:"force_migrate"`
	BarrierDeadlineMS  int  `json:"barrier_deadline_ms"`
	CongestedReadUS    int  `json:"congested_read_threshold_us"`  // 0 = never
	CongestedWriteUS   int  `json:"congested_write_threshold_us"` // 0 = never
	CommitInterval     int  `json:"commit_super_block_interval"`  // seconds, 0 = never
	DiscardSlots       bool `json:"discard_slots"`
	FlushInterval      int  `json:"flush_current_buffer_interval"` // seconds, 0 = never
	UpdateInterval     int  `json:"update_interval"`               // seconds
	NrBatchedMigration int  `json:"nr_batched_migration"`          // segments, 0 = chosen
	MaxDirtyAge        int  `json:"max_dirty_age"`                 // seconds, 0 = no bound
	ThrottlePercent    int  `json:"throttle_percent"`              // of the log
	WritebackDelay     int  `json:"writeback_delay"`               // seconds
	WritebackPercent   int  `json:"writeback_percent"`             // of the log
	WritebackRate      int  `json:"writeback_rate"`                // bytes/s, 0 = chosen
	WritebackRateMin   int  `json:"writeback_rate_minimum"`        // bytes/s
	WritebackRunning   bool `json:"writeback_running"`
}

// DefaultSettings are the settings of a cache that was just resumed.
func DefaultSettings() Settings {
	return Settings{
		BarrierDeadlineMS: 3, UpdateInterval: 1, ThrottlePercent: 75, WritebackRateMin: 1 << 20, WritebackRunning: true,
	}
}

// DefaultMigrateThreshold is how busy a backing may be, in %, for migration to be allowed.
const DefaultMigrateThreshold = 70
