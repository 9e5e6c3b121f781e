package ublk

import (
	"context"
	"errors"
	"fmt"
)

// Stop takes the device away and frees its id. A device that is mounted or held
// it refuses with ErrBusy, and changes nothing. Requests in flight are answered
// first. If ctx ends, or a command is not answered, Stop may be called again.
func (d *Device) Stop(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == stateRunning {
		if err := Busy(d.id); err != nil {
			return err
		}
	}
	return d.stop(ctx)
}

// ForceStop is Stop for a device that may be in use: whoever uses it sees I/O
// errors from then on. Its id is only free once the last of them has closed it;
// if that does not happen in time the error is ErrTimeout.
func (d *Device) ForceStop(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stop(ctx)
}

// stop is in an order that matters. The queues serve on while the kernel stops
// the disk, because it waits for the requests in flight. It then ends every
// tag, upon which the queues end. Only when everything that refers to the
// character node is closed can the device be deleted.
func (d *Device) stop(ctx context.Context) error {
	if d.state == stateRunning {
		if err := stopDev(ctx, d.id); err != nil && !errors.Is(err, ErrNoDevice) {
			return err
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return fmt.Errorf("ublk device %d: stop: its queues have not ended: %w", d.id, context.Cause(ctx))
		}
		d.state = stateStopped
	}
	if d.state == stateGone {
		return nil
	}
	if err := d.closeChar(); err != nil {
		return err
	}
	if err := remove(ctx, d.id); err != nil {
		return err
	}
	if d.queues == nil {
		close(d.done)
	}
	d.state = stateGone
	return nil
}

// remove deletes a device of which nothing is open here, and waits until its
// nodes are gone.
func remove(ctx context.Context, id int) error {
	if err := delDev(ctx, id); err != nil && !errors.Is(err, ErrNoDevice) {
		return err
	}
	return waitGone(ctx, id)
}
