package host

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// Attach puts the cache in front of the backing. If the device has no node
// yet, it appears now. A disk that the log has data of must be as the cache left
// it: see [ChangedError].
func (d *Device) Attach(ctx context.Context, c *Cache, b segment.Binding, opt AttachOptions) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Cache() != nil {
		return fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, logcache.ErrAttached)
	}
	if block := c.core.Geometry().BlockSize; block > d.opt.LogicalBlock {
		return fmt.Errorf("%w: %d and %d bytes; `lc remove %d`, and `lc create %s %d %s --logical-block %d` makes one that it can serve",
			ErrBlockSize, block, d.opt.LogicalBlock, d.ID(), d.Name(), d.ID(), d.Backing().Path(), block)
	}
	if err := d.attach(ctx, c, b, opt); err != nil {
		return err
	}
	if d.started() == nil {
		return d.start(ctx)
	}
	return nil
}

// attach changes sides in a freeze: what passed through before is durable,
// and what is seen of the disk stays so.
func (d *Device) attach(ctx context.Context, c *Cache, b segment.Binding, opt AttachOptions) error {
	d.vol.Freeze()
	defer d.vol.Unfreeze()
	if err := d.awaitIdle(ctx); err != nil {
		return err
	}
	if err := d.Backing().Flush(); err != nil {
		return fmt.Errorf("flush %s: %w", d.Backing().Path(), err)
	}
	d.vol.Flushed()
	seen, err := d.examine(c, &b, opt)
	if err != nil {
		return err
	}
	c.addMember(d)
	d.setCache(c)
	if err := c.await(func(done func(error)) { c.core.Attach(d.vol, b, seen, done) }); err != nil {
		d.setCache(nil)
		c.dropMember(d)
		return err
	}
	return nil
}

// setCache says which cache the device works with, nil for none, and has its
// queues take that in: an idle one too is to let go of the RAM buffers of the last.
func (d *Device) setCache(c *Cache) {
	d.cache.Store(c)
	d.wakeQueues()
}

func (d *Device) awaitIdle(ctx context.Context) error {
	return poll(ctx, func() (bool, error) { return d.vol.Idle(), nil })
}

// Detach drains the log and takes the cache away. When ctx ends before that,
// the device is still attached, and nothing is lost.
func (d *Device) Detach(ctx context.Context, report func(DrainProgress)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.Cache()
	if c == nil {
		return fmt.Errorf("device %d (%s): %w", d.vol.ID, d.vol.Name, ErrNotAttached)
	}
	// Drain while writers go on, until what is left is little, or they outrun
	// us. Then hold them back for the rest.
	const rounds, little = 4, 1024
	for i := 0; i < rounds && (i == 0 || c.core.DirtyBlocks(d.vol.ID) > little); i++ {
		if err := c.drain(ctx, d.vol.ID, report); err != nil {
			return err
		}
	}
	d.vol.Freeze()
	defer d.vol.Unfreeze()
	if err := d.awaitIdle(ctx); err != nil {
		return err
	}
	if err := c.drain(ctx, d.vol.ID, report); err != nil {
		return err
	}
	if err := c.await(func(done func(error)) { c.core.Detach(d.vol, done) }); err != nil {
		return err
	}
	d.setCache(nil)
	c.dropMember(d)
	return nil
}

// addMember lets the cache's thread write to the device's backing.
func (c *Cache) addMember(d *Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.devices[d.ID()] = d
	c.worker.fds[d.ID()].Store(int32(d.Backing().FD()))
	c.publishMembers()
}

func (c *Cache) dropMember(d *Device) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.devices, d.ID())
	c.publishMembers()
}

// dropBacking waits until the cache's thread, unless that has ended, has
// nothing more to do with the backing of a device that was released.
func (c *Cache) dropBacking(ctx context.Context, d *Device) error {
	return poll(ctx, func() (bool, error) {
		free, err := runOnThread(ctx, c, func() bool { return c.worker.switchFD(block.Dev(d.ID()), noFD) })
		select {
		case <-c.worker.done:
			return true, nil
		default:
			return free, err
		}
	})
}

// publishMembers tells the cache's thread which devices there are.
func (c *Cache) publishMembers() {
	members := slices.Collect(maps.Values(c.devices))
	c.worker.members.Store(&members)
}
