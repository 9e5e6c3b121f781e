package sysfsio

import (
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

// Settings are what the administrator chooses for a cache. The table says where
// each lies, and what it is at first.
type Settings struct {
	Pacing          pace.Settings // without what the daemon measures
	BarrierDeadline time.Duration
	CommitInterval  time.Duration // 0 = never
	DiscardSlots    bool
	FlushInterval   time.Duration // 0 = never
	UpdateInterval  time.Duration
}

// DefaultSettings are the settings of a cache that was just resumed.
func DefaultSettings() Settings {
	var s Settings
	for i := range cacheTable {
		if reset := cacheTable[i].reset; reset != nil {
			reset(&s)
		}
	}
	return s
}

// Values are the settings by the names of their attributes: true or false, or a
// number in the attribute's unit.
func (s *Settings) Values() map[string]any {
	values := map[string]any{}
	of := CacheSnapshot{Settings: *s}
	for i := range cacheTable {
		if r := &cacheTable[i]; r.reset != nil {
			values[r.Name] = r.value(&of)
		}
	}
	return values
}

// DeviceSettings are what the administrator chooses for a device.
type DeviceSettings struct {
	MigrateThreshold int // %
	Bypass           logcache.Bypass
}

// DefaultMigrateThreshold is how busy a backing may be, in %, for migration to
// be allowed.
const DefaultMigrateThreshold = 70
