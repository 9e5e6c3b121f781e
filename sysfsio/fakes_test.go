package sysfsio

import (
	"context"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

// fakeCache is a cache whose settings can be changed.
type fakeCache struct {
	settings  Settings
	snapshots int
	flushed   int
	commits   int
	fail      error
	noTrim    bool
}

func (c *fakeCache) Snapshot() CacheSnapshot {
	c.snapshots++
	return CacheSnapshot{
		UUID: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", Label: "fast", Path: "/dev/nvme0n1", Number: "259:0",
		Log:        logcache.Status{Segments: 100, SegmentSize: 1 << 20, CurrentID: 9, LastFlushedID: 8, LastMigratedID: 7, DirtyBlocks: 42, WaitingWrites: 1},
		Migration:  migrate.Status{Errors: 2, LastError: "no"},
		Pace:       pace.State{Decision: pace.Decision{Reason: pace.Stopped, Rate: 1}, Snapshot: pace.Snapshot{Sustained: 2, Age: 4 * time.Second}, Admit: 3},
		Congestion: Congestion{Read: 100 * time.Microsecond, Write: 2 * time.Millisecond, Cutoff: 1 << 19},
		Settings:   c.settings,
	}
}

func (c *fakeCache) CanDiscard() bool         { return !c.noTrim }
func (c *fakeCache) Change(f func(*Settings)) { f(&c.settings) }

func (c *fakeCache) FlushCurrent(context.Context) error {
	c.flushed++
	return c.fail
}

func (c *fakeCache) CommitSuper(context.Context) error {
	c.commits++
	return c.fail
}

type fakeDevice struct {
	settings  DeviceSettings
	snapshots int
}

func (d *fakeDevice) Snapshot() DeviceSnapshot {
	d.snapshots++
	return DeviceSnapshot{
		Name: "myLV", Node: "/dev/ublkb0", Number: "259:3", CacheID: 3, Backing: "/dev/sdb", BackingNumber: "8:16", Sectors: 2048, LogicalBlock: 512,
		Volume: logcache.VolumeStatus{
			DirtyBlocks: 42, Errors: 1, SlowedWrites: 7,
			Bypassed: logcache.BypassStatus{SequentialWrites: 1, SequentialBytes: 2, CongestedWrites: 3, CongestedBytes: 4, OccupiedWrites: 5},
		},
		BackingBusy: 12, Settings: d.settings,
	}
}

func (d *fakeDevice) Change(f func(*DeviceSettings)) { f(&d.settings) }

type fakeHost struct {
	cache  *fakeCache
	device *fakeDevice
}

func newFakeHost() *fakeHost {
	return &fakeHost{&fakeCache{settings: DefaultSettings()}, &fakeDevice{settings: DeviceSettings{MigrateThreshold: DefaultMigrateThreshold}}}
}

// Id 4 is listed and gone when it is asked for: that happens.
func (h *fakeHost) CacheIDs() []uint8  { return []uint8{3, 4} }
func (h *fakeHost) DeviceIDs() []uint8 { return []uint8{5} }
func (h *fakeHost) Cache(id uint8) Cache {
	if id != 3 {
		return nil
	}
	return h.cache
}

func (h *fakeHost) Device(id uint8) Device {
	if id != 5 {
		return nil
	}
	return h.device
}
