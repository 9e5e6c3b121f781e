package sysfsio

// Settings are what the administrator chooses for a cache.
type Settings struct {
	AllowMigrate       bool
	ForceMigrate       bool
	BarrierDeadlineMS  int
	CongestedReadUS    int // 0 = never
	CongestedWriteUS   int // 0 = never
	CommitInterval     int // seconds, 0 = never
	DiscardSlots       bool
	FlushInterval      int // seconds, 0 = never
	UpdateInterval     int // seconds
	NrBatchedMigration int // segments, 0 = chosen
	MaxDirtyAge        int // seconds, 0 = no bound
	ThrottlePercent    int // of the log
	WritebackDelay     int // seconds
	WritebackPercent   int // of the log
	WritebackRate      int // bytes/s, 0 = chosen
	WritebackRateMin   int // bytes/s
	WritebackRunning   bool
}

// DefaultSettings are the settings of a cache that was just resumed.
func DefaultSettings() Settings {
	return Settings{
		BarrierDeadlineMS: 3, UpdateInterval: 1, ThrottlePercent: 75, WritebackRateMin: 1 << 20, WritebackRunning: true,
	}
}

// DefaultMigrateThreshold is how busy a backing may be, in %, for migration to be allowed.
const DefaultMigrateThreshold = 70
