package manager

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// Remove takes a detached device away.
func (m *Manager) Remove(ctx context.Context, a control.IDArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Removing, report, "device", a.ID)
	d, err := m.acquireDevice(a.ID, o)
	if err != nil {
		return nil, err
	}
	defer m.releaseDevice(d)
	if c := d.host.Cache(); c != nil {
		return nil, control.Errorf(control.Busy, "device %d is attached to cache %d; `lc detach %d` first", d.id, c.ID(), d.id)
	}
	if err := checkIdle(d); err != nil {
		return nil, err
	}
	if err := m.stop(o, d, false); err != nil {
		return nil, err
	}
	return o.done("remove", fmt.Sprintf("device %d (%s): removed", d.id, d.name)), nil
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
func (m *Manager) stop(o *operation, d *device, force bool) error {
	stop := o.keepReporting("waiting for the kernel to let go of %s", d.host.Node())
	defer stop()
	if err := d.host.Stop(context.WithoutCancel(o.ctx), force); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unlinkLocked(d)
	delete(m.devices, d.id)
	return nil
}

// FreeCache lets a cache go. Data that is in its log stays there. It waits for a
// create that looks at that data: the device would wait for a cache that is gone,
// or for another one that gets its id.
func (m *Manager) FreeCache(ctx context.Context, a control.IDArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Freeing, report, "cache", a.ID)
	leave, err := m.lockBindings(o)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := m.acquireCache(a.ID, o)
	if err != nil {
		return nil, err
	}
	return m.freeAcquired(o, c)
}

// freeAcquired frees the cache of an operation.
func (m *Manager) freeAcquired(o *operation, c *cache) (*control.Done, error) {
	dirty := c.host.Core().Status().DirtyBlocks
	o.warnBroken(c)
	stop := o.keepReporting("waiting for %s to make the log durable", c.path)
	err := m.free(o, c)
	stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		c.op, c.gone = nil, false
		return nil, err
	}
	delete(m.caches, c.id)
	text := fmt.Sprintf("cache %d: freed", c.id)
	if dirty > 0 {
		text += fmt.Sprintf("; %d dirty blocks stay in the log on %s until it is resumed", dirty, c.path)
	}
	return o.done("free-cache", text), nil
}

// free lets a cache go, and notes how it is left.
func (m *Manager) free(o *operation, c *cache) error {
	err := c.host.Free(context.WithoutCancel(o.ctx))
	if err == nil {
		m.note(o, c.path, c.host)
	}
	return err
}

// acquireCache has an operation free a cache, which nothing needs.
func (m *Manager) acquireCache(id int, o *operation) (*cache, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, err := m.cacheLocked(id)
	if err != nil {
		return nil, err
	}
	if c.op != nil || len(c.users) > 0 {
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
	c.op, c.gone = o, true
	return c, nil
}
