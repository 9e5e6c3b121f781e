package pace

import (
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
)

// sharedFor is for how long a backing counts as shared after a read from it.
const sharedFor = time.Second

// sharing is what is known of who reads from the backings, through our queues,
// without a daemon that measures. Writes past the log do not count: a disk treats
// them as it treats migration's, and leaves none alone.
type sharing struct {
	read   [segment.MaxDevices + 1]time.Duration // when somebody read from it, last
	slices [segment.MaxDevices + 1]timeslice
}

func (s *sharing) init() {
	for i := range s.read {
		s.read[i], s.slices[i].until, s.slices[i].seen = longAgo, longAgo, longAgo
	}
}

// shared takes in who reads, and tells whether somebody has of late.
func (s *sharing) shared(now time.Duration, devices []Device) (any bool) {
	for i := range devices {
		d := &devices[i]
		if d.Reading {
			s.read[d.ID] = now
		}
		any = any || now-s.read[d.ID] < sharedFor
	}
	return any
}

// takeSlices tells which backings belong to their users now, and when that may
// change.
func (s *sharing) takeSlices(now time.Duration, in *Inputs) (hold DeviceSet, next time.Duration) {
	next = tick
	for i := range in.Devices {
		d := &in.Devices[i]
		goes, again := s.slices[d.ID].migration(now, d.Reading || s.externalIO(now, d.ID, in.Settings.Loads))
		if !goes {
			hold.Add(d.ID)
		}
		next = min(next, again)
	}
	return hold, next
}

// externalIO tells whether a backing is busy with requests that do not pass
// through our queues, so that nobody knows when there is one.
func (s *sharing) externalIO(now time.Duration, id uint8, loads []Load) bool {
	i := slices.IndexFunc(loads, func(l Load) bool { return l.Device == id })
	return i >= 0 && !loads[i].Idle() && now-s.read[id] >= sharedFor
}
