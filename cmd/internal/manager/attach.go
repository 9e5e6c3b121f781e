package manager

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
)

// Attach puts a cache in front of a device.
func (m *Manager) Attach(ctx context.Context, a control.AttachArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Attaching, report, "device", a.Device, "cache", a.Cache)
	d, err := m.acquireDevice(a.Device, o)
	if err != nil {
		return nil, err
	}
	defer m.releaseDevice(d)
	c, err := m.refCache(a.Cache, o)
	if err != nil {
		return nil, err
	}
	defer m.unrefCache(c, o)
	if at := d.host.Cache(); at != nil && (at != c.host || d.host.Node() != "") {
		return nil, control.Errorf(control.Taken, "device %d is attached to cache %d already", d.id, at.ID())
	}
	if err := m.checkRuling(d, c, a.Unidentified || a.AcceptChanged); err != nil {
		return nil, err
	}
	unwitnessed, of := d.unwitnessed(c), d.claimed(c)
	if err := m.checkOriginal(d, of); err != nil {
		return nil, err
	}
	byContent := d.byContent || d.double != ""
	err = m.attach(o, d, c, a.AcceptChanged)
	if unwitnessed != "" && d.host.Cache() == c.host {
		o.warn("attach: %s", unwitnessed)
	}
	if d.host.Cache() == c.host {
		m.noteMove(o, d, c, of)
		if byContent && of != nil {
			o.warn("attach: %s. The log's data goes there; if it is a copy, the disk that it was made from is out of date from now on", of.alone(d.backing))
		}
	}
	if err != nil {
		return nil, err
	}
	done := o.done("attach", fmt.Sprintf("device %d (%s): %s attached to cache %d", d.id, d.name, d.host.Node(), c.id))
	m.note(o, c.path, c.host)
	return done, nil
}

// unwitnessed says that nothing in a log tells what was on the disk of its
// data, or "": the earlier format kept no witness.
func (d *device) unwitnessed(c *cache) string {
	for _, b := range c.host.Core().Bound() {
		if n := c.host.Core().DirtyBlocks(d.id); b.ID == d.id && n > 0 && b.Witness == nil {
			return fmt.Sprintf("the log on %s has %s of device %d, was written by the earlier format, and has no witness of what is on its disk: %s is taken for what the host says it is", c.path, blocks(n), d.id, d.path)
		}
	}
	return ""
}

// checkRuling holds an attach to what create has found out.
func (m *Manager) checkRuling(d *device, c *cache, unidentified bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case d.waitsFor == 0:
		return nil
	case d.waitsFor != c.id:
		return control.Errorf(control.Mismatch, "cache %d holds data for device %d; `lc attach %d %d` instead", d.waitsFor, d.id, d.id, d.waitsFor)
	case d.double != "" && !unidentified:
		return control.Errorf(control.Mismatch, "by what is written on them both %s and %s are the disk of the data that cache %d holds of device %d: at least one of them is a copy, and nothing tells which. If it is %s, `lc attach %d %d --unidentified`; if it is the other, `lc remove %d`, and create it over %s",
			d.path, d.double, c.id, d.id, d.path, d.id, c.id, d.id, d.double)
	case d.unidentified && !unidentified:
		return control.Errorf(control.Mismatch, "nothing tells whether %s is the disk of the data that cache %d holds of device %d: the host gives no identity, and nothing on it tells it from another of its size. If it is, `lc attach %d %d --unidentified`; if it is not, `lc remove %d`, and create it with another id",
			d.path, c.id, d.id, d.id, c.id, d.id)
	}
	return nil
}

func (m *Manager) attach(o *operation, d *device, c *cache, acceptChanged bool) error {
	// Attaching is short, and must not be left half-way: it goes on when the
	// user does not wait for it any more.
	ctx := context.WithoutCancel(o.ctx)
	stop := o.keepReporting("waiting for requests in flight on device %d, or for the cache device", d.id)
	defer stop()
	var err error
	if d.host.Cache() == c.host {
		err = m.start(ctx, d.host) // the node that was not to be had the first time
	} else {
		var overruled *host.ChangedError
		err = d.host.Attach(ctx, c.host, d.bindingFor(c), host.AttachOptions{AcceptChanged: acceptChanged, Overruled: func(e *host.ChangedError) { overruled = e }})
		if overruled != nil {
			o.warn("attach: %v; the log's blocks go over what is there: check the file system", overruled)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.host.Cache() == c.host {
		d.ruling = ruling{}
		c.applyLocked()
	}
	switch {
	case err == nil:
		m.linkLocked(d)
		return nil
	case d.host.Cache() == c.host:
		return fmt.Errorf("device %d is attached to cache %d, but its node did not appear; `lc attach %d %d` tries again: %w", d.id, c.id, d.id, c.id, explainUblk(err))
	}
	return d.explainMismatch(c, m.beforeFreeLocked(c, d.id), err)
}

// bindingFor is a device's backing as a cache binds it. While the log has data
// of it, it stays bound by the identity that it was bound by, also if today's
// form of that is another.
func (d *device) bindingFor(c *cache) segment.Binding {
	b := d.backing.Binding()
	b.UUID = uuid.New()
	for _, old := range c.host.Core().Bound() {
		if old.ID == d.id && d.backing.Identity(&old) == whose.Same && c.host.Core().DirtyBlocks(d.id) > 0 {
			b.Fingerprint = old.Fingerprint
		}
	}
	return b
}

// explainMismatch adds to a refusal what it would mean to go on, and the ways out.
func (d *device) explainMismatch(c *cache, first string, err error) error {
	var changed *host.ChangedError
	forget := fmt.Sprintf("`lc forget %s %d`", c.path, d.id)
	look := fmt.Sprintf("`lc remove %d`, %s`lc free-cache %d`, `lc replay %s --device %d --force-binding --to FILE`", d.id, first, c.id, c.path, d.id)
	switch {
	case errors.As(err, &changed):
		return fmt.Errorf("%w. To go on would put older blocks over newer ones. `lc attach %d %d --accept-changed` does so, and the log wins; %s, and the disk wins; to look at the log's data first, %s",
			err, d.id, c.id, forget, look)
	case errors.Is(err, logcache.ErrMismatch):
		return fmt.Errorf("%s on device %d: %w; nothing was changed. %s gives the log's data up; to save it before, %s", d.path, d.id, err, forget, look)
	}
	return err
}

// startTicker calls f again and again until it is stopped.
func startTicker(interval time.Duration, f func()) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(interval):
				f()
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// Detach drains the log of a device's data and takes the cache away.
// Interrupted, it leaves the device attached.
func (m *Manager) Detach(ctx context.Context, a control.DrainArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Detaching, report, "device", a.ID)
	d, err := m.acquireDevice(a.ID, o)
	if err != nil {
		return nil, err
	}
	defer m.releaseDevice(d)
	c := d.host.Cache()
	if c == nil {
		return nil, control.Errorf(control.NotAttached, "device %d is %w", d.id, host.ErrNotAttached)
	}
	if err := o.skip(c, a.Skip); err != nil {
		return nil, err
	}
	others := m.watchOtherLoad(c)
	err = d.host.Detach(o.ctx, m.telling(o, c, others))
	switch {
	case err != nil && o.cancelled():
		return nil, control.Errorf(control.Interrupted, "interrupted: device %d stays attached to cache %d, %d dirty blocks left%s", d.id, c.ID(), c.Core().DirtyBlocks(d.id), safe(c))
	case err != nil:
		return nil, fmt.Errorf("device %d stays attached to cache %d: %w", d.id, c.ID(), explainDamage(o, c, fmt.Sprintf("lc detach %d", d.id), err))
	}
	text := fmt.Sprintf("device %d (%s): detached from cache %d; all data is on %s", d.id, d.name, c.ID(), d.path)
	if len(a.Skip) > 0 {
		text += ", but for what was damaged"
	}
	done := o.done("detach", text)
	m.note(o, c.Dev().Path(), c)
	return done, nil
}
