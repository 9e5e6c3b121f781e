package manager

import (
	"context"
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/logcache/index"
)

// Forget gives up what the log of a resumed cache holds of a device that is not
// attached. A device that waits for that data is shown as its disk is.
func (m *Manager) Forget(ctx context.Context, a control.ForgetArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Forgetting, report, "cache", a.Cache, "device", a.Device)
	leave, err := m.lockBindings(o)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, d, err := m.acquireForgotten(o, a)
	if err != nil {
		return nil, err
	}
	defer m.releaseForgotten(c, d)
	name, dirty, err := c.forgotten(a)
	if err != nil {
		return nil, err
	}
	var then ruling
	if d != nil {
		if then, err = m.rulingWithout(o, d, c, a.SkipDisks); err != nil {
			return nil, err
		}
	}
	stop := o.keepReporting("waiting for %s to take in that the data is given up", c.path)
	err = c.host.GiveUp(uint8(a.Device))
	stop()
	if err != nil {
		return nil, err
	}
	m.note(o, c.path, c.host)
	text := fmt.Sprintf("cache %d: gave up %s of device %d (%s)", c.id, blocks(dirty), a.Device, name)
	if d != nil {
		after, err := m.show(o, d, then)
		if err != nil {
			return nil, fmt.Errorf("%s, but the node of device %d did not appear; `lc remove %d`, and create it again: %w", text, d.id, d.id, explainUblk(err))
		}
		text += "; " + after
	}
	return o.done("forget", text), nil
}

// acquireForgotten marks a cache, and the device that waits for the data in
// question, as being worked on.
func (m *Manager) acquireForgotten(o *operation, a control.ForgetArgs) (*cache, *device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := control.CheckID("device", a.Device); err != nil {
		return nil, nil, err
	}
	c, err := m.cacheLocked(a.Cache)
	if err != nil {
		return nil, nil, err
	}
	if c.op != nil || len(c.users) > 0 {
		return nil, nil, control.Errorf(control.Busy, "another command works on cache %d; wait for it", c.id)
	}
	d := m.devices[uint8(a.Device)]
	switch {
	case d == nil || d.host == nil:
		d = nil
	case d.host.Cache() == c.host:
		return nil, nil, control.Errorf(control.Busy, "device %d is attached to cache %d, and its data is on its way to %s; `lc detach %d`, or if that disk is gone `lc shutdown` first", d.id, c.id, d.path, d.id)
	case d.waitsFor != c.id:
		d = nil
	case d.op != nil:
		return nil, nil, errDeviceBusy(d)
	}
	c.op = o
	o.keep(control.Progress{Text: fmt.Sprintf("what the log holds of device %d", a.Device)})
	if d != nil {
		d.op = o
	}
	return c, d, nil
}

func (m *Manager) releaseForgotten(c *cache, d *device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.op = nil
	if d != nil {
		d.op = nil
	}
}

// forgotten is the name of the device, and how many blocks would be lost.
// Without the administrator's word none may be.
func (c *cache) forgotten(a control.ForgetArgs) (name string, dirty uint64, err error) {
	id := uint8(a.Device)
	dirty = c.host.Core().DirtyBlocks(id)
	for _, b := range c.host.Core().Bound() {
		if b.ID != id {
			continue
		}
		if dirty > 0 && !a.Yes {
			return "", 0, control.Errorf(control.HasContent, "cache %d (%s) holds %s of device %d (%s) that was not migrated; once the cache is free, `lc replay %s --device %d --force-binding --to FILE` saves that, and `lc forget %s %d --replayed-to FILE` gives up what was saved so; --yes gives it up as it is",
				c.id, c.path, blocks(dirty), id, control.Show(b.Name), c.path, id, c.path, id)
		}
		return control.Show(b.Name), dirty, nil
	}
	return "", 0, fmt.Errorf("device %d is %w", id, logcache.ErrNotBound)
}

// blocks are dirty blocks, with what they come to.
func blocks(n uint64) string {
	if n == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%d dirty blocks (%s)", n, humanize.IBytes(n*index.BlockBytes))
}

// rulingWithout is what becomes of a device that waits for a cache, once that
// has no data of it any more. What else was found at create may be others' word
// by now, and the data that is given up may have hidden it.
func (m *Manager) rulingWithout(o *operation, d *device, c *cache, skip []string) (ruling, error) {
	claims, err := m.claims(o, d.backing, slices.Concat(d.skip, skip))
	if err != nil && classify.Classify(err).Code != control.Mismatch {
		return ruling{}, err
	}
	claims = slices.DeleteFunc(claims, func(a claim) bool { return a.cache == c.id && a.binding.ID == d.id })
	var r ruling
	if err == nil {
		r, err = m.resolveClaims(o, d.backing, d.host.Backing(), claims, d.distinct, slices.Concat(d.skip, skip))
	}
	if err != nil {
		return r, control.Errorf(control.Mismatch, "device %d waits for that data, and could not be shown without it; nothing was given up. `lc remove %d` first, and then this again: %w", d.id, d.id, err)
	}
	return r, nil
}

// show makes the node of a device appear that waited for data which is gone,
// unless there is other data of its disk. It says which of the two came to be.
func (m *Manager) show(o *operation, d *device, r ruling) (string, error) {
	m.mu.Lock()
	d.ruling = r
	m.mu.Unlock()
	if r.waitsFor != 0 {
		return d.waiting(), nil
	}
	if err := m.start(context.WithoutCancel(o.ctx), d.host); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.linkLocked(d)
	return fmt.Sprintf("%s is shown as it is, %s", d.path, d.host.Node()), nil
}
