package manager

import (
	"fmt"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/diskload"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
)

// otherLoad looks, while a drain goes on, how busy the backings of its cache are
// with requests that are not of migration. The autopilot does the same for its
// own ends, and may not run.
type otherLoad struct {
	m      *Manager
	cache  uint8
	loads  diskload.Loads
	last   time.Time
	slowed string
}

const (
	// otherLoadEvery is how long a sample is.
	otherLoadEvery = time.Second
	// noticeable is from which load, in %, on others are worth a word.
	noticeable = 10
)

func (m *Manager) watchOtherLoad(c *host.Cache) *otherLoad { return &otherLoad{m: m, cache: c.ID()} }

// sample says who slows the drain, or "".
func (o *otherLoad) sample(now time.Time) string {
	if now.Sub(o.last) < otherLoadEvery {
		return o.slowed
	}
	o.last, o.slowed = now, ""
	most := noticeable - 1
	_, devices := o.m.snapshot()
	list, _ := o.loads.Sample(now, o.cache, backings(devices))
	for _, l := range list {
		if l.Busy > most {
			most = l.Busy
			o.slowed = fmt.Sprintf("others keep device %d's disk %d%% busy", l.Device, l.Busy)
		}
	}
	return o.slowed
}
