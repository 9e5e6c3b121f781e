package manager

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// Remove takes a detached device away.
func (m *Manager) Remove(ctx context.Context, a control.IDArgs, report Reporter) (*control.Done, error) {
	d, err := m.takeDevice(a.ID, control.Removing)
	if err != nil {
		return nil, err
	}
	defer m.giveBackDevice(d)
	if c := d.host.Cache(); c != nil {
		return nil, control.Errorf(control.Busy, "device %d is attached to cache %d; `lc detach %d` first", d.id, c.ID(), d.id)
	}
	if err := checkIdle(d); err != nil {
		return nil, err
	}
	if err := m.stop(ctx, d, false, report); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("device %d (%s): removed", d.id, d.name)
	m.logf("remove: %s", text)
	return &control.Done{Text: text}, nil
}

// checkIdle refuses a device that is mounted or open.
func checkIdle(d *device) error {
	node := d.host.Node()
	if node == "" {
		return nil
	}
	err := blockdev.CheckUnused(node)
	if err == nil {
		err = d.host.Busy()
	}
	if err != nil {
		return control.Errorf(control.Busy, "device %d (%s): %w; unmount or close it first", d.id, d.name, err)
	}
	by, err := blockdev.OpenedBy(node)
	if err != nil {
		return err
	}
	if by != "" {
		return control.Errorf(control.Busy, "device %d (%s): %s: %s; close it first", d.id, d.name, node, by)
	}
	return nil
}

// stop takes a device's node and its place in the table away.
func (m *Manager) stop(ctx context.Context, d *device, force bool, report Reporter) error {
	stop := remind(d.doing.heard(report), "waiting for the kernel to let go of %s", d.host.Node())
	defer stop()
	if err := d.host.Stop(context.WithoutCancel(ctx), force); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unlinkLocked(d)
	delete(m.devices, d.id)
	return nil
}

// FreeCache lets a cache go. Data that is in its log stays there.
func (m *Manager) FreeCache(ctx context.Context, a control.IDArgs, report Reporter) (*control.Done, error) {
	c, err := m.takeCache(a.ID)
	if err != nil {
		return nil, err
	}
	dirty := c.host.Core().Status().DirtyBlocks
	warnBroken(c, report)
	stop := remind(c.doing.heard(report), "waiting for %s to make the log durable", c.path)
	err = m.free(ctx, c, report)
	stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		c.doing, c.gone = nil, false
		return nil, err
	}
	delete(m.caches, c.id)
	text := fmt.Sprintf("cache %d: freed", c.id)
	if dirty > 0 {
		text += fmt.Sprintf("; %d dirty blocks stay in the log on %s until it is resumed", dirty, c.path)
	}
	m.logf("free-cache: %s", text)
	return &control.Done{Text: text}, nil
}

// free lets a cache go, and notes how it is left.
func (m *Manager) free(ctx context.Context, c *cache, report Reporter) error {
	err := c.host.Free(context.WithoutCancel(ctx))
	if err == nil {
		m.note(c.path, c.host.Super().UUID, c.host.Core(), report)
	}
	return err
}

// takeCache marks a cache, which nothing needs, as being freed.
func (m *Manager) takeCache(id int) (*cache, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.cacheLocked(id)
	if err != nil {
		return nil, err
	}
	if c.doing != nil || len(c.users) > 0 {
		return nil, control.Errorf(control.Busy, "another command works on cache %d; wait for it", id)
	}
	for _, did := range sorted(m.devices) {
		d := m.devices[did]
		if d.host != nil && d.host.Cache() == c.host {
			return nil, control.Errorf(control.Busy, "cache %d: device %d is attached; `lc detach %d` first", id, did, did)
		}
		if d.waitsFor == c.id {
			return nil, control.Errorf(control.Busy, "cache %d: device %d waits for it; `lc attach %d %d` or `lc remove %d` first", id, did, did, id, did)
		}
	}
	c.doing, c.gone = begin(control.Freeing), true
	return c, nil
}
