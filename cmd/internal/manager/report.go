package manager

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"golang.org/x/sys/unix"
)

// snapshot copies the tables, so that they can be asked without the lock.
func (m *Manager) snapshot() (caches []cache, devices []device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range values(m.caches) {
		caches = append(caches, *c)
	}
	for _, d := range values(m.devices) {
		devices = append(devices, *d)
	}
	return caches, devices
}

// List tells what there is.
func (m *Manager) List() *control.List {
	notes := m.WatchSizes()
	caches, devices := m.snapshot()
	l := &control.List{Caches: []control.CacheLine{}, Devices: []control.DeviceLine{}}
	for i := range caches {
		log := caches[i].log()
		l.Caches = append(l.Caches, caches[i].line(notes, &log))
	}
	for i := range devices {
		vol := m.volume(&devices[i])
		l.Devices = append(l.Devices, devices[i].line(notes, &vol))
	}
	return l
}

// log asks the data path.
func (c *cache) log() (s logcache.Status) {
	if c.host != nil {
		s = c.host.Core().Status()
	}
	return s
}

func (c *cache) line(n notes, log *logcache.Status) control.CacheLine {
	l := control.CacheLine{ID: int(c.id), Device: c.path, State: cacheState(false, false), Doing: c.shown()}
	if c.host == nil {
		return l
	}
	super := c.host.Super()
	l.Label, l.Note = super.Label, n[c.host.Dev()]
	l.UUID = uuid.UUID(super.UUID).String()
	l.DeviceNo = majorMinor(c.host.Dev())
	l.SizeBytes = super.DeviceSize
	l.Segments, l.SegmentSize = log.Segments, log.SegmentSize
	l.DirtyBlocks = log.DirtyBlocks
	l.State = cacheState(true, log.Broken != "")
	return l
}

// cacheState is what a cache is, whatever is being done to it.
func cacheState(resumed, broken bool) control.CacheState {
	switch {
	case !resumed:
		return control.CacheStarting
	case broken:
		return control.CacheBroken
	}
	return control.CacheRunning
}

// shown is what list shows of the commands that work on a cache: the one that
// has it for itself, or the one that came first.
func (c *cache) shown() *control.Doing {
	for _, o := range append([]*operation{c.op}, c.users...) {
		if d := o.doing(); d != nil {
			return d
		}
	}
	return nil
}

// volume asks the data path. What a device waits for is in the log already.
func (m *Manager) volume(d *device) (s logcache.VolumeStatus) {
	if d.host == nil {
		return s
	}
	s = d.host.Volume().Status()
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.caches[d.waitsFor]; d.waitsFor != 0 && c != nil && c.host != nil {
		s.DirtyBlocks = c.host.Core().DirtyBlocks(d.id)
	}
	return s
}

func (d *device) line(n notes, vol *logcache.VolumeStatus) control.DeviceLine {
	l := control.DeviceLine{ID: int(d.id), Name: d.name, Backing: d.path, Doing: d.op.doing(), WaitsFor: int(d.waitsFor), Link: d.link}
	l.State = deviceState(false, false, false, false)
	if d.host == nil {
		return l
	}
	l.Identity = d.backing.Standing()
	l.Node, l.Note = d.host.Node(), n[d.host.Backing()]
	l.Number = nodeNumber(l.Node)
	l.BackingNo = majorMinor(d.host.Backing())
	l.SizeBytes = d.host.Volume().Sectors * segment.SectorSize
	l.Errors, l.DirtyBlocks = vol.Errors, vol.DirtyBlocks
	at := d.host.Cache()
	if at != nil {
		l.CacheID = int(at.ID())
	}
	l.State = deviceState(true, at != nil, l.Node != "", d.waitsFor != 0)
	return l
}

// deviceState is what a device is, whatever is being done to it.
func deviceState(created, attached, node, waits bool) control.DeviceState {
	switch {
	case !created:
		return control.DeviceStarting
	case attached && node:
		return control.DeviceAttached
	case attached:
		return control.DeviceNoNode
	case waits:
		return control.DeviceWaiting
	}
	return control.DevicePassThrough
}

// majorMinor is major:minor of a disk.
func majorMinor(d interface {
	Major() uint32
	Minor() uint32
}) string {
	return fmt.Sprintf("%d:%d", d.Major(), d.Minor())
}

// nodeNumber is major:minor of a node, or "".
func nodeNumber(node string) string {
	var st unix.Stat_t
	if node == "" || unix.Stat(node, &st) != nil {
		return ""
	}
	return fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

// Status tells all there is to know of the caches and the devices.
func (m *Manager) Status() *control.Status {
	notes := m.WatchSizes()
	caches, devices := m.snapshot()
	s := &control.Status{
		Caches:  []control.CacheStatus{},
		Devices: []control.DeviceStatus{},
	}
	for i := range caches {
		s.Caches = append(s.Caches, caches[i].status(notes))
	}
	for i := range devices {
		d := &devices[i]
		vol := m.volume(d)
		s.Devices = append(s.Devices, d.status(notes, &vol))
	}
	return s
}

func (d *device) status(n notes, vol *logcache.VolumeStatus) control.DeviceStatus {
	return control.DeviceStatus{
		DeviceLine: d.line(n, vol), MigrateThreshold: d.threshold, BackingBusy: d.busy,
		SequentialCutoff: vol.Bypass.Cutoff, SequentialMerge: !vol.Bypass.Single, Bypass: bypassOf(vol.Bypassed),
	}
}

func (c *cache) status(n notes) control.CacheStatus {
	set, log := c.settings, c.log()
	set.Pacing.Allow = c.allowLocked()
	s := control.CacheStatus{CacheLine: c.line(n, &log), Settings: set.Values()}
	if c.host == nil {
		return s
	}
	s.Log, s.Migration = logOf(log), migrationOf(c.host.Migration())
	if n := s.Log.WaitingWrites; n > 0 {
		what := "the cache device to write what came before them"
		switch g := c.host.Core().Gauge(); {
		case g.Full:
			what = "room in the log"
		case g.Slowed:
			what = "their turn, for writers are slowed"
		}
		s.WaitsFor = append(s.WaitsFor, fmt.Sprintf("%d writes wait for %s", n, what))
	}
	if why := heldUp(c.host); why != "" {
		s.WaitsFor = append(s.WaitsFor, "migration is tried again after: "+why)
	}
	return s
}
