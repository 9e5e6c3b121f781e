package pace

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
)

// Reason is the rule that decided whether migration goes on.
type Reason uint8

// The rules. What comes after [goesFrom] lets migration go.
const (
	Undecided    Reason = iota
	NothingDirty        // there is nothing to do
	Stopped             // writeback_running is 0
	NotAllowed          // allow_migrate is 0
	BackingBusy         // others keep a backing busier than its migrate_threshold
	BelowPercent        // the dirty share is below writeback_percent
	TooYoung            // the oldest dirty byte is younger than writeback_delay
	goesFrom
	Draining // a command waits for the log to be empty
	LogFull  // writes wait for a slot
	Forced   // force_migrate is 1
	Urgent   // the log has filled up
	TooOld   // max_dirty_age is near
	Idle     // nobody else uses the backings
	Allowed  // the backings have time
	OnlyOpen // what is dirty is in the segment being filled
)

// Goes tells whether the rule lets migration go on.
func (r Reason) Goes() bool { return r > goesFrom }

// Words say why, with the figures that the rule looked at.
func (d *Decision) Words(s *Snapshot) string {
	switch d.Reason {
	case NothingDirty:
		return "nothing is dirty"
	case Stopped:
		return "stopped: writeback_running is 0"
	case NotAllowed:
		return fmt.Sprintf("not allowed: allow_migrate is 0 and the daemon, which would decide by load, does not run; it goes on all the same when the log is %.0f%% full, and that is %.0f%% now", 100*urgentFill, 100*s.Fill)
	case BackingBusy:
		l := s.busiest()
		return fmt.Sprintf("the backing of device %d is %d%% busy with requests of others, and migrate_threshold is %d%%", l.Device, l.Busy, l.Threshold)
	case BelowPercent:
		return fmt.Sprintf("%.1f%% of the log is dirty, and writeback_percent is %d%%", 100*s.Dirty, s.Percent)
	case TooYoung:
		return fmt.Sprintf("the oldest dirty data is %v old, and writeback_delay is %v", s.Age.Round(time.Second), s.Delay)
	case Draining:
		return "a command drains the log" + d.speed(s)
	case LogFull:
		return "the log is full and writes wait for room" + d.speed(s)
	case Forced:
		return "force_migrate is 1" + d.speed(s)
	case Urgent:
		return fmt.Sprintf("the log has filled up to %.0f%%, and is migrated until that is %.0f%% (%.0f%% now)", 100*urgentFill, 100*calmFill, 100*s.Fill) + d.speed(s)
	case TooOld:
		return fmt.Sprintf("dirty data is to reach its backing before max_dirty_age, %v", s.MaxAge) + d.speed(s)
	case Idle:
		return "nobody else uses the backings" + d.speed(s)
	case Allowed:
		return "the backings have time for it" + d.speed(s)
	case OnlyOpen:
		return "all dirty data is in the segment that is being filled, which follows when it is full"
	}
	return "not yet decided"
}

func (d *Decision) speed(s *Snapshot) string {
	switch {
	case d.Rate > 0 && s.Rate > 0:
		return fmt.Sprintf(": %s/s by writeback_rate", humanize.IBytes(uint64(d.Rate)))
	case d.Rate > 0:
		return fmt.Sprintf(": %s/s, chosen to keep writeback_percent at %d%%", humanize.IBytes(uint64(d.Rate)), s.Percent)
	case d.Slices:
		return ": full speed, in turns with others who use the backings"
	case d.Depth > 0:
		return ", one write after the other, for others use them too"
	}
	return ": full speed"
}
