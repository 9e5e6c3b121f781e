package sysfsio

import (
	"context"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
)

// Host is what the tree shows.
type Host interface {
	CacheIDs() []uint8      // ascending
	DeviceIDs() []uint8     // ascending
	Cache(id uint8) Cache   // nil if there is none
	Device(id uint8) Device // nil if there is none
}

// Cache is a resumed cache.
type Cache interface {
	UUID() string
	Label() string
	Path() string   // of the cache device
	Number() string // major:minor of the cache device
	Log() logcache.Status
	Migration() migrate.Status
	Settings() Settings
	Change(func(*Settings)) // changes the settings, and puts them in force
	FlushCurrent(context.Context) error
	CommitSuper(context.Context) error
}

// Settings are what the administrator chooses for a cache.
type Settings struct {
	AllowMigrate       bool `json:"allow_migrate"`
	ForceMigrate       bool `json:"force_migrate"`
	BarrierDeadlineMS  int  `json:"barrier_deadline_ms"`
	CommitInterval     int  `json:"commit_super_block_interval"`   // seconds, 0 = never
	FlushInterval      int  `json:"flush_current_buffer_interval"` // seconds, 0 = never
	UpdateInterval     int  `json:"update_interval"`               // seconds
	NrBatchedMigration int  `json:"nr_batched_migration"`          // segments, 0 = chosen
}

// DefaultSettings are the settings of a cache that was just resumed.
func DefaultSettings() Settings {
	return Settings{BarrierDeadlineMS: 3, UpdateInterval: 1}
}

// Device is one device.
type Device interface {
	Name() string
	Node() string          // /dev/ublkbN, "" while there is none
	Number() string        // major:minor of the node, "" while there is none
	CacheID() uint8        // 0 = detached
	Backing() string       // path
	BackingNumber() string // major:minor
	Sectors() uint64
	DirtyBlocks() uint64
	Errors() uint64
	BackingBusy() int // % of the last interval
	MigrateThreshold() int
	SetMigrateThreshold(int)
}

// DefaultMigrateThreshold is how busy a backing may be, in %, for migration to be allowed.
const DefaultMigrateThreshold = 70
