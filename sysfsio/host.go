package sysfsio

import (
	"context"
	"time"

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
	Path() string     // of the cache device
	Number() string   // major:minor of the cache device
	CanDiscard() bool // whether the cache device can give room back
	Log() logcache.Status
	Migration() migrate.Status
	Pace() Pace
	Congestion() Congestion
	Settings() Settings
	Change(func(*Settings)) // changes the settings, and puts them in force
	FlushCurrent(context.Context) error
	CommitSuper(context.Context) error
}

// Pace is how migration goes.
type Pace struct {
	Words      string        // which rule decided, with its figures
	Rate       int64         // bytes/s that migration is limited to; 0 = none
	Sustained  int64         // bytes of the log in a second, as measured; 0 = not yet
	Admit      int64         // bytes/s that writers are slowed to; 0 = they are not
	OldestAge  time.Duration // of the dirty data; 0 = nothing is dirty
	UnknownAge bool          // the oldest was in the log at resume
}

// Congestion is how slow a cache device is.
type Congestion struct {
	Read, Write time.Duration // smoothed; 0 = not measured
	Cutoff      uint64        // streams from so many bytes on bypass the log for that; 0 = none
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
	LogicalBlock() uint32 // bytes
	DirtyBlocks() uint64
	Errors() uint64
	BackingBusy() int     // % of the last interval, by others
	SlowedWrites() uint64 // that waited because the log was rather full
	MigrateThreshold() int
	SetMigrateThreshold(int)
	Bypass() (logcache.Bypass, logcache.BypassStatus)
	SetBypass(logcache.Bypass)
}
