package sysfsio

import (
	"context"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
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
	Snapshot() CacheSnapshot // one listing takes one
	CanDiscard() bool        // whether the cache device can give room back
	Change(func(*Settings))  // changes the settings, and puts them in force
	FlushCurrent(context.Context) error
	CommitSuper(context.Context) error
}

// CacheSnapshot is all that the tree shows of a cache. What a part of it tells is
// of one moment.
type CacheSnapshot struct {
	UUID, Label string
	Path        string // of the cache device
	Number      string // major:minor of the cache device
	Log         logcache.Status
	Migration   migrate.Status
	Pace        pace.State
	Congestion  Congestion
	Settings    Settings // in force: while the daemon runs, allow_migrate is its
}

// Congestion is how slow a cache device is.
type Congestion struct {
	Read, Write time.Duration // smoothed; 0 = not measured
	Cutoff      uint64        // streams from so many bytes on bypass the log for that; 0 = none
}

// Device is one device.
type Device interface {
	Snapshot() DeviceSnapshot // one listing takes one
	Change(func(*DeviceSettings))
}

// DeviceSnapshot is all that the tree shows of a device.
type DeviceSnapshot struct {
	Name          string
	Node          string // /dev/ublkbN, "" while there is none
	Number        string // major:minor of the node, "" while there is none
	CacheID       uint8  // 0 = detached
	Backing       string // path
	BackingNumber string // major:minor
	Sectors       uint64
	LogicalBlock  uint32 // bytes
	Volume        logcache.VolumeStatus
	BackingBusy   int // % of the last interval, by others
	Settings      DeviceSettings
}
