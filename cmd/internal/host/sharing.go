package host

import (
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// shareFor is for how long a backing counts as shared after a read from it.
const shareFor = time.Second

// sharing is what migration knows of who reads from the backings, through our
// queues, without a daemon that measures. Writes past the log do not count: a
// disk treats them as it treats migration's, and leaves none alone. It belongs
// to the thread of a cache.
type sharing struct {
	used  [segment.MaxDevices + 1]time.Time // when somebody read from it, last
	turns [segment.MaxDevices + 1]migrate.Turns
}

// shared tells whether somebody has read from a backing of late.
func (w *worker) shared(now time.Time) bool {
	any := false
	for _, m := range *w.members.Load() {
		if m.reads.Load() > 0 {
			w.used[m.ID()] = now
		}
		any = any || now.Sub(w.used[m.ID()]) < shareFor
	}
	return any
}

// takeTurns keeps migration from the backings whose users have their turn.
func (w *worker) takeTurns(now time.Time) {
	w.migr.Release() // one that is no member any more is never asked again
	if !w.last.Turns || w.migr.Idle() || w.quit.Load() {
		return
	}
	for _, m := range *w.members.Load() {
		dev := blockdev.Dev(m.ID())
		goes, again := w.turns[dev].Migration(now, m.reads.Load() > 0 || w.pastUs(now, m.ID()))
		if !goes {
			w.migr.Hold(dev)
		}
		w.wait = min(w.wait, again)
	}
}

// pastUs tells whether a backing is busy with requests that do not pass through
// our queues, so that nobody knows when there is one.
func (w *worker) pastUs(now time.Time, id uint8) bool {
	loads := w.policy.Load().Loads
	i := slices.IndexFunc(loads, func(l migrate.Load) bool { return l.Device == id })
	return i >= 0 && !loads[i].Idle() && now.Sub(w.used[id]) >= shareFor
}
