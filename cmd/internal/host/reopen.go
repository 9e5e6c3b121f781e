package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// ErrSmaller is returned by Reopen for a disk that is smaller than the device.
var ErrSmaller = errors.New("the disk is smaller than the device")

// Reopen goes on over a disk that has come back, perhaps under another name: it
// takes the place of the one that was open, which is closed. That it is the
// same disk, and not written to meanwhile, the caller knows. Writers wait
// meanwhile. What the disk had in its write cache when it went may be lost: a
// batch of migration that was under way is done again, and of what went past
// the log the next FLUSH is told. On success backing belongs to the device;
// else nothing uses it.
func (d *Device) Reopen(ctx context.Context, backing *blockdev.Device) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch was := d.Backing(); {
	case backing.Size() < was.Size():
		return fmt.Errorf("device %d (%s): %w: %s has %d bytes, and %s had %d", d.ID(), d.Name(), ErrSmaller, backing.Path(), backing.Size(), was.Path(), was.Size())
	case backing.LogicalBlock() > d.opt.LogicalBlock:
		return fmt.Errorf("device %d (%s): %w: %s has blocks of %d bytes, and the device of %d", d.ID(), d.Name(), ErrBlockSize, backing.Path(), backing.LogicalBlock(), d.opt.LogicalBlock)
	}
	if err := backing.Flush(); err != nil {
		return err
	}
	d.vol.Freeze()
	defer d.vol.Unfreeze()
	if err := d.awaitIdle(ctx); err != nil {
		return err
	}
	if err := d.switchBacking(ctx, backing); err != nil {
		return err
	}
	was := d.backing.Swap(backing)
	_ = was.Close() // of a disk that is gone, whose errors say nothing new
	return nil
}

// switchBacking has the cache of a frozen and idle device, if it has one, work
// on another descriptor of its disk. Interrupted, it has not: what the thread
// was asked to do it has done, or never will.
func (d *Device) switchBacking(ctx context.Context, backing *blockdev.Device) error {
	c := d.Cache()
	if c == nil {
		d.vol.Reopened()
		return nil
	}
	return poll(ctx, func() (bool, error) {
		return runOnThread(context.WithoutCancel(ctx), c, func() bool { return c.worker.reopen(d.vol, int32(backing.FD())) })
	})
}

// reopen switches the thread over to another descriptor of a frozen volume's
// disk; like switchFD it may have to be asked again.
func (w *worker) reopen(v *logcache.Volume, fd int32) bool {
	if !w.switchFD(block.Dev(v.ID), fd) {
		return false
	}
	v.Reopened()
	return true
}
