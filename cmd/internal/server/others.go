package server

import (
	"fmt"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
)

// others looks, while a drain goes on, how busy the backings of its cache are with requests that are not of migration.
// The daemon does the same for its own ends, and may not run.
type others struct {
	m      *Manager
	cache  *host.Cache
	loads  map[uint8]*load
	last   time.Time
	slowed string
}

const (
	// othersEvery is how long a sample is.
	othersEvery = time.Second
	// noticeable is from which load, in %, on others are worth a word.
	noticeable = 10
)

func (m *Manager) watchOthers(c *host.Cache) *others {
	return &others{m: m, cache: c, loads: map[uint8]*load{}}
}

// look says who slows the drain, or "".
func (o *others) look(now time.Time) string {
	if now.Sub(o.last) < othersEvery {
		return o.slowed
	}
	o.last, o.slowed = now, ""
	most := noticeable - 1
	_, devices := o.m.snapshot()
	for i := range devices {
		d := &devices[i]
		if d.host == nil || d.host.Cache() != o.cache {
			continue
		}
		l := o.loads[d.id]
		if l == nil {
			l = &load{}
			o.loads[d.id] = l
		}
		busy := l.sample(now, d.host.Backing(), func(disk string) uint64 { return writtenTo(disk, devices) })
		if busy > most {
			most = busy
			o.slowed = fmt.Sprintf("others keep device %d's disk %d%% busy", d.id, busy)
		}
	}
	return o.slowed
}
