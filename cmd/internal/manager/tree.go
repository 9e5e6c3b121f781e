package manager

import (
	"context"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/sysfsio"
)

// tree shows the manager as a control tree.
type tree struct{ m *Manager }

func (t tree) CacheIDs() []uint8 {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return sorted(t.m.caches)
}

func (t tree) DeviceIDs() []uint8 {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return sorted(t.m.devices)
}

func (t tree) Cache(id uint8) sysfsio.Cache {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if c := t.m.caches[id]; c != nil && c.host != nil {
		return treeCache{t.m, c}
	}
	return nil
}

func (t tree) Device(id uint8) sysfsio.Device {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if d := t.m.devices[id]; d != nil && d.host != nil {
		return treeDevice{t.m, d}
	}
	return nil
}

// treeCache is a cache in the tree.
type treeCache struct {
	m *Manager
	c *cache
}

func (t treeCache) line() control.CacheLine {
	t.m.mu.Lock()
	c := *t.c
	t.m.mu.Unlock()
	return c.line(nil)
}

func (t treeCache) UUID() string              { return t.line().UUID }
func (t treeCache) Label() string             { return t.line().Label }
func (t treeCache) Path() string              { return t.c.path }
func (t treeCache) Number() string            { return number(t.c.host.Dev()) }
func (t treeCache) CanDiscard() bool          { return t.c.host.Dev().CanDiscard() }
func (t treeCache) Log() logcache.Status      { return t.c.host.Core().Status() }
func (t treeCache) Migration() migrate.Status { return t.c.host.Migration() }

// Pace tells how migration goes.
func (t treeCache) Pace() sysfsio.Pace {
	p := t.c.host.Pace()
	unknown := p.Snapshot.Age == pace.Unknown
	age := p.Snapshot.Age
	if unknown {
		age = 0
	}
	return sysfsio.Pace{
		Words: p.Words(), Rate: p.Decision.Rate, Sustained: p.Snapshot.Sustained, Admit: p.Admit, OldestAge: age, UnknownAge: unknown,
	}
}

// Congestion tells how slow the cache device is.
func (t treeCache) Congestion() sysfsio.Congestion {
	read, write := t.c.host.Latencies()
	return sysfsio.Congestion{Read: read, Write: write, Cutoff: t.c.host.Core().Congested()}
}

// Settings shows what is in force: while the daemon runs, allow_migrate is its.
func (t treeCache) Settings() sysfsio.Settings {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	s := t.c.settings
	s.AllowMigrate = t.c.allowLocked()
	return s
}

func (t treeCache) Change(change func(*sysfsio.Settings)) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	change(&t.c.settings)
	t.c.applyLocked()
}

func (t treeCache) FlushCurrent(ctx context.Context) error {
	return t.pinned(func() error { return t.c.host.FlushCurrent(ctx) })
}

func (t treeCache) CommitSuper(ctx context.Context) error {
	return t.pinned(func() error { return t.c.host.CommitSuper() })
}

// pinned keeps the cache from being freed meanwhile.
func (t treeCache) pinned(do func() error) error {
	o := &operation{}
	c, err := t.m.pinCache(int(t.c.id), o)
	if err != nil {
		return err
	}
	defer t.m.unpinCache(c, o)
	if c != t.c {
		return control.Errorf(control.NotFound, "cache %d is another one now", c.id)
	}
	return do()
}

// treeDevice is a device in the tree.
type treeDevice struct {
	m *Manager
	d *device
}

func (t treeDevice) line() control.DeviceLine {
	t.m.mu.Lock()
	d := *t.d
	t.m.mu.Unlock()
	return d.line(nil)
}

func (t treeDevice) Name() string          { return t.d.name }
func (t treeDevice) Node() string          { return t.d.host.Node() }
func (t treeDevice) Number() string        { return nodeNumber(t.d.host.Node()) }
func (t treeDevice) CacheID() uint8        { return uint8(t.line().CacheID) }
func (t treeDevice) Backing() string       { return t.d.path }
func (t treeDevice) BackingNumber() string { return number(t.d.host.Backing()) }
func (t treeDevice) Sectors() uint64       { return t.d.host.Volume().Sectors }
func (t treeDevice) DirtyBlocks() uint64   { return t.line().DirtyBlocks }
func (t treeDevice) Errors() uint64        { return t.d.host.Volume().Errors() }
func (t treeDevice) SlowedWrites() uint64  { return t.d.host.SlowedWrites() }
func (t treeDevice) LogicalBlock() uint32  { return t.d.host.LogicalBlock() }

func (t treeDevice) SetBypass(b logcache.Bypass) { t.d.host.Volume().SetBypass(b) }
func (t treeDevice) Bypass() (logcache.Bypass, logcache.BypassStatus) {
	return t.d.host.Volume().Bypass()
}

func (t treeDevice) BackingBusy() int {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.d.busy
}

func (t treeDevice) MigrateThreshold() int {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	return t.d.threshold
}

func (t treeDevice) SetMigrateThreshold(v int) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	t.d.threshold = v
}

// Get shows what lies at or below a path.
func (m *Manager) Get(a control.AttributeArgs) ([]control.Attribute, error) {
	files, err := sysfsio.Files(tree{m}, a.Path)
	if err != nil {
		return nil, err
	}
	list := []control.Attribute{}
	for i := range files {
		f := &files[i]
		at := control.Attribute{Path: f.Path, Mode: f.Mode.String(), Unit: f.Unit, Doc: f.Doc}
		switch {
		case f.Mode.Readable():
			at.Value, err = f.Show()
		case len(files) == 1:
			_, err = f.Show()
		}
		if err != nil {
			return nil, err
		}
		list = append(list, at)
	}
	return list, nil
}

// Set changes an attribute.
func (m *Manager) Set(ctx context.Context, a control.AttributeArgs, report Reporter) (*control.Done, error) {
	f, err := sysfsio.Find(tree{m}, a.Path)
	if err != nil {
		return nil, err
	}
	stop := remind(report, "waiting for the cache device")
	defer stop()
	if err := f.Set(ctx, a.Value); err != nil {
		return nil, err
	}
	if f.NoEffect != "" {
		return &control.Done{Text: f.Path + " has no effect: " + f.NoEffect}, nil
	}
	return &control.Done{}, nil
}
