package control

import (
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/sysfsio"
)

// States of a cache and of a device, besides what a command does to them at the moment.
const (
	StateRunning     = "running"
	StateBroken      = "broken"       // the cache device failed
	StateAttached    = "attached"     // writes go to the log
	StatePassThrough = "pass-through" // no cache; requests go to the backing
	StateWaiting     = "waiting"      // no node: a log holds data for the backing
	StateNoNode      = "no node"      // attached, but the node could not be started
)

// List is what there is.
type List struct {
	Caches  []CacheLine  `json:"caches"`
	Devices []DeviceLine `json:"devices"`
}

// CacheLine is one resumed cache.
type CacheLine struct {
	ID          int    `json:"id"`
	Label       string `json:"label"`
	UUID        string `json:"uuid"`
	Device      string `json:"device"`
	DeviceNo    string `json:"device_no"` // major:minor
	SizeBytes   uint64 `json:"size_bytes"`
	Segments    uint64 `json:"segments"`
	SegmentSize uint32 `json:"segment_size"`
	DirtyBlocks uint64 `json:"dirty_blocks"` // of 4 KiB
	State       string `json:"state"`
	Note        string `json:"note,omitempty"` // what an administrator should know, in words
}

// DeviceLine is one device.
type DeviceLine struct {
	ID          int    `json:"id"`
	Name        string `json:"name"`
	Node        string `json:"node"`   // /dev/ublkbN, "" while there is none
	Link        string `json:"link"`   // /dev/lc/NAME, "" while there is none
	Number      string `json:"number"` // major:minor of the node
	CacheID     int    `json:"cache_id"`
	WaitsFor    int    `json:"waits_for_cache,omitempty"`
	Backing     string `json:"backing"`
	BackingNo   string `json:"backing_no"`       // major:minor
	Identity    string `json:"backing_identity"` // what the host tells it from others by: unique, doubled or none; "" while it is being created
	SizeBytes   uint64 `json:"size_bytes"`
	DirtyBlocks uint64 `json:"dirty_blocks"` // of 4 KiB
	Errors      uint64 `json:"errors"`       // failed operations on the disks below
	State       string `json:"state"`
	Note        string `json:"note,omitempty"` // what an administrator should know, in words
}

// Status is all that the server knows.
type Status struct {
	Server  ServerStatus   `json:"server"`
	Daemon  DaemonStatus   `json:"daemon"`
	Caches  []CacheStatus  `json:"caches"`
	Devices []DeviceStatus `json:"devices"`
}

// ServerStatus is the server itself.
type ServerStatus struct {
	PID           int    `json:"pid"`
	Version       string `json:"version"`
	UptimeSeconds int64  `json:"uptime_seconds"`
}

// DaemonStatus is the autonomous control.
type DaemonStatus struct {
	Running   bool   `json:"running"`
	LastError string `json:"last_error,omitempty"`
}

// CacheStatus is one cache in full.
type CacheStatus struct {
	CacheLine
	Log       logcache.Status  `json:"log"`
	Migration migrate.Status   `json:"migration"`
	Settings  sysfsio.Settings `json:"settings"`
	WaitsFor  []string         `json:"waits_for,omitempty"` // what holds it up, in words
}

// DeviceStatus is one device in full.
type DeviceStatus struct {
	DeviceLine
	MigrateThreshold int `json:"migrate_threshold"` // %
	BackingBusy      int `json:"backing_busy"`      // % of the last interval, while the daemon runs

	SequentialCutoff uint64                `json:"sequential_cutoff"` // bytes; 0 = off
	SequentialMerge  bool                  `json:"sequential_merge"`
	Bypass           logcache.BypassStatus `json:"bypass"`
}

// Why tells in words why a device is as it is.
type Why struct {
	Device      int    `json:"device"`
	Name        string `json:"name"`
	CacheID     int    `json:"cache_id"` // 0 = detached
	State       string `json:"state"`
	DirtyBlocks uint64 `json:"dirty_blocks"` // of 4 KiB
	Draining    bool   `json:"draining"`     // migration goes on
	Migration   string `json:"migration"`    // which rule says so, with its figures
	HeldUp      string `json:"held_up,omitempty"`
	Writes      string `json:"writes"` // where they go, how fast, and why
}

// Attribute is one file of the control tree.
type Attribute struct {
	Path  string `json:"path"`
	Mode  string `json:"mode"`
	Unit  string `json:"unit,omitempty"`
	Value string `json:"value,omitempty"`
	Doc   string `json:"doc"`
}

// Damage is what a search for damage in a log has found.
type Damage struct {
	Cache   int             `json:"cache"`
	Records []DamagedRecord `json:"records"`
}

// DamagedRecord is a damaged record, and what of it is nowhere else in the log.
type DamagedRecord struct {
	segment.BadRecord
	Missing []Sectors `json:"missing"`
}

// Sectors are some of a device.
type Sectors struct {
	Device  int    `json:"device"`
	Name    string `json:"name"`
	LBA     uint64 `json:"lba"`
	Sectors uint64 `json:"sectors"`
}
