package manager

import (
	"context"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/diskload"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/sysfsio"
)

// Pilot controls the caches by itself, beside the commands. There is one at most.
type Pilot interface {
	// End ends it, and returns when it does nothing any more.
	End()
}

// Engage makes p the pilot, unless there is one already. While the server shuts
// down there is none.
func (m *Manager) Engage(p Pilot) (engaged bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closing {
		return false, control.Errorf(control.Busy, "the server is shutting down")
	}
	if m.pilot != nil {
		return false, nil
	}
	m.pilot = p
	return true, nil
}

// Disengage ends the pilot, and tells whether there was one. Migration is then
// what the administrator last set.
func (m *Manager) Disengage() bool {
	m.mu.Lock()
	p := m.pilot
	m.pilot = nil
	m.mu.Unlock()
	if p == nil {
		return false
	}
	p.End()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.pilot != nil {
		return true // another command has engaged one again
	}
	for _, c := range m.caches {
		c.modulated = false
		if c.host != nil {
			c.applyLocked()
		}
	}
	for _, d := range m.devices {
		d.busy = 0
	}
	return true
}

// Piloted tells whether there is a pilot.
func (m *Manager) Piloted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pilot != nil
}

// InService is a cache as a pilot sees it.
type InService struct {
	ID       uint8
	Host     *host.Cache
	Settings sysfsio.Settings
}

// Survey are the caches and the backings in service.
func (m *Manager) Survey() ([]InService, []diskload.Backing) {
	caches, devices := m.snapshot()
	var list []InService
	for i := range caches {
		if c := &caches[i]; c.host != nil {
			list = append(list, InService{ID: c.id, Host: c.host, Settings: c.settings})
		}
	}
	return list, backings(devices)
}

// backings are those of some devices.
func backings(devices []device) (list []diskload.Backing) {
	for i := range devices {
		d := &devices[i]
		if d.host == nil {
			continue
		}
		b := diskload.Backing{Device: d.id, Disk: d.host.Backing(), Written: func() uint64 { return 0 }}
		if c := d.host.Cache(); c != nil {
			b.Cache, b.Written = c.ID(), func() uint64 { return c.Written(d.id) }
		}
		list = append(list, b)
	}
	return list
}

// Steer lets the policy of a cache decide on migration by how busy the pilot
// has measured its backings to be. It has no effect once p is not the pilot any
// more, or the cache is gone.
func (m *Manager) Steer(p Pilot, c *InService, loads []pace.Load) {
	m.mu.Lock()
	defer m.mu.Unlock()
	real := m.caches[c.ID]
	if m.pilot != p || real == nil || real.host != c.Host {
		return
	}
	for i := range loads {
		if d := m.devices[loads[i].Device]; d != nil {
			d.busy, loads[i].Threshold = loads[i].Busy, d.threshold
		}
	}
	real.modulated, real.loads = true, loads
	real.applyLocked()
}

// Maintain closes and flushes the segment that a cache writes to, and writes its
// superblock, as is asked for. A cache that is being freed has no need of it.
func (m *Manager) Maintain(ctx context.Context, id uint8, flush, commit bool) error {
	o := m.begin(ctx, "", nil, "cache", id)
	c, err := m.refCache(int(id), o)
	if err != nil {
		return nil
	}
	defer m.unrefCache(c, o)
	if flush {
		err = c.host.FlushCurrent(o.ctx)
	}
	if err == nil && commit {
		err = c.host.CommitSuper()
	}
	return err
}
