package pace

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Inputs are what a [Pacer.Step] depends on besides what the pacer remembers.
type Inputs struct {
	Settings *Settings
	Log      Log // needed only when [Pacer.Due] says so
	Batch    Batch
	Devices  []Device // that are attached
	Latency  Latency
	Draining bool // a detach, a drain or a shutdown waits for the log to be empty
	Ending   bool // the cache is about to go: no batch starts, and what is under way ends
}

// Settings are what is said from outside: by the administrator, and by who
// measures the backings.
type Settings struct {
	Knobs
	Measured  bool    // Loads are measured, and decide instead of Knobs.Allow
	Loads     []Load  // of the attached devices' backings; not changed any more
	Watermark float64 // fill of the log from which writers are slowed; 1 = never

	// From which latencies on the cache device counts as congested; 0 = never.
	CongestedRead, CongestedWrite time.Duration
}

// Knobs are what the administrator says about migration.
type Knobs struct {
	Allow       bool          // allow_migrate, while nobody measures the backings
	Force       bool          // force_migrate
	Stopped     bool          // writeback_running is 0
	Batch       int           // nr_batched_migration, in segments; 0 = choose
	Percent     int           // writeback_percent, of the log
	Delay       time.Duration // writeback_delay
	Rate        int64         // writeback_rate, in bytes/s; 0 = choose
	RateMinimum int64         // writeback_rate_minimum, in bytes/s: no choice is below
	MaxAge      time.Duration // max_dirty_age; 0 = none
}

// Load is how busy a backing is with requests that are not of migration.
type Load struct {
	Device          uint8
	Busy, Threshold int // %
}

// Log is what the log looks like.
type Log struct {
	Slots        int    // in the ring
	Segment      int64  // bytes of a segment
	Closed       int    // segments that are full and not migrated
	Dirty        int64  // bytes that are newest data
	Newest       uint64 // newest segment that holds data
	LastMigrated uint64
	Stuck        bool // writes wait for what only migration frees
}

func (l *Log) bytes() int64 { return int64(l.Slots) * l.Segment }

func (l *Log) fill() float64 { return float64(l.Closed) / float64(l.Slots) }

// free is what writers may take; one segment is being filled.
func (l *Log) free() int64 { return int64(l.Slots-min(l.Slots, l.Closed+1)) * l.Segment }

// Batch is the batch of migration that is under way.
type Batch struct {
	Segments int   // in it; 0 = there is none
	Most     int   // segments that one may have
	Failed   bool  // the last one did
	Left     int64 // bytes of the last [Orders.Limit] that were not written yet
}

// Device is one of those whose writes are in the log, and its backing.
type Device struct {
	ID           uint8
	Reading      bool  // reads of the backing are under way
	Backlogged   bool  // it has writes that wait for credit, or had some since the Step before
	Dirty        int64 // bytes of it in the log; needed only when [Pacer.Due] says so
	Busy         bool  // the batch has more to do on the backing
	Done, Writes int   // of the batch's writes to the backing: those that are done, and all
}

// Latency is how long the cache device takes for an operation, smoothed with
// [Smooth]; 0 = it was not measured.
type Latency struct {
	Read, Write time.Duration
	Fresh       bool // something was measured since the Step before
}

// Unlimited is the [Orders.Limit] that is none.
const Unlimited = 1<<63 - 1

// Orders are what is to be done now.
type Orders struct {
	Batch int       // segments that a batch may have that is to start; 0 = none
	Close bool      // the segment being filled is to be closed before
	Ahead int       // segments that may be read of the batch after the one under way
	Limit int64     // bytes that may go to the backings until the next Step
	Depth int       // operations under way on each backing; 0 = as many as it takes
	Hold  DeviceSet // whose backings are to be left alone

	Credit []Credit // of Inputs.Devices, by index; nil = as before. It is valid until the next Step
	Cutoff uint64   // bytes from which on streams bypass the log, for it is congested; 0 = none do
	Forget bool     // the latencies are to be halved, for they are out of date

	Next time.Duration // until the next Step, at the latest
	Why  Reason
}

// Credit is what a device may write.
type Credit struct {
	Slowed bool  // else it may write as it likes, and nothing below counts
	Bytes  int64 // that are added to what it has
	First  int64 // that it has when it was not slowed before
	Most   int64 // that it may save up
}

// DeviceSet is a set of devices, by id.
type DeviceSet [(segment.MaxDevices + 64) / 64]uint64

// Add puts a device into the set.
func (s *DeviceSet) Add(dev uint8) { s[dev/64] |= 1 << (dev % 64) }

// Has tells whether a device is in the set.
func (s *DeviceSet) Has(dev uint8) bool { return s[dev/64]>>(dev%64)&1 > 0 }
