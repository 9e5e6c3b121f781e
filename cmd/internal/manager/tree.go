package manager

import (
	"context"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
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

// Snapshot takes the lock of the data path once.
func (t treeCache) Snapshot() sysfsio.CacheSnapshot {
	h := t.c.host
	core, super := h.Core(), h.Super()
	read, write := h.Latencies()
	return sysfsio.CacheSnapshot{
		UUID: uuid.UUID(super.UUID).String(), Label: super.Label, Path: t.c.path, Number: majorMinor(h.Dev()),
		Log: core.Status(), Migration: h.Migration(), Pace: h.Pace(),
		Congestion: sysfsio.Congestion{Read: read, Write: write, Cutoff: core.Congested()},
		Settings:   t.settings(),
	}
}

// settings are what is in force: while the daemon runs, allow_migrate is its.
func (t treeCache) settings() sysfsio.Settings {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	s := t.c.settings
	s.Pacing.Allow = t.c.allowLocked()
	return s
}

func (t treeCache) CanDiscard() bool { return t.c.host.Dev().CanDiscard() }

func (t treeCache) Change(change func(*sysfsio.Settings)) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	change(&t.c.settings)
	t.c.applyLocked()
}

func (t treeCache) FlushCurrent(ctx context.Context) error {
	return t.withRef(func() error { return t.c.host.FlushCurrent(ctx) })
}

func (t treeCache) CommitSuper(ctx context.Context) error {
	return t.withRef(func() error { return t.c.host.CommitSuper() })
}

// withRef keeps the cache from being freed meanwhile.
func (t treeCache) withRef(do func() error) error {
	o := &operation{}
	c, err := t.m.refCache(int(t.c.id), o)
	if err != nil {
		return err
	}
	defer t.m.unrefCache(c, o)
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

// Snapshot takes the lock of the data path once.
func (t treeDevice) Snapshot() sysfsio.DeviceSnapshot {
	h := t.d.host
	vol, node := h.Volume(), h.Node()
	s := sysfsio.DeviceSnapshot{
		Name: t.d.name, Node: node, Number: nodeNumber(node), Backing: t.d.path, BackingNumber: majorMinor(h.Backing()),
		Sectors: vol.Sectors, LogicalBlock: h.LogicalBlock(), Volume: vol.Status(),
	}
	if at := h.Cache(); at != nil {
		s.CacheID = at.ID()
	}
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	s.BackingBusy = t.d.busy
	s.Settings = sysfsio.DeviceSettings{MigrateThreshold: t.d.threshold, Bypass: s.Volume.Bypass}
	return s
}

func (t treeDevice) Change(change func(*sysfsio.DeviceSettings)) {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	vol := t.d.host.Volume()
	s := sysfsio.DeviceSettings{MigrateThreshold: t.d.threshold, Bypass: vol.Status().Bypass}
	change(&s)
	t.d.threshold = s.MigrateThreshold
	vol.SetBypass(s.Bypass)
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
		at := control.Attribute{Path: f.Path, Mode: f.Mode.String(), Unit: f.Type.Unit(), Doc: f.Doc}
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
	stop := m.begin(ctx, "", report).keepReporting("waiting for the cache device")
	defer stop()
	if err := f.Set(ctx, a.Value); err != nil {
		return nil, err
	}
	return &control.Done{}, nil
}
