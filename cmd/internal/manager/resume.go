package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/sysfsio"
)

func itoa(id uint8) string { return strconv.Itoa(int(id)) }

// Resume makes a formatted device a running cache.
func (m *Manager) Resume(ctx context.Context, a control.ResumeArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Resuming, report, "cache", a.ID)
	at := lookUp(a.Path)
	leave, err := m.lockBindings(o)
	if err != nil {
		return nil, err
	}
	defer leave()
	c, err := m.reserveCache(o, a, at)
	if err != nil {
		return nil, err
	}
	h, rec, err := m.resume(o, c, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		delete(m.caches, c.id)
		return nil, err
	}
	c.host, c.op = h, nil
	c.applyLocked()
	text := fmt.Sprintf("cache %d: %s with %d segments, %d dirty blocks", c.id, c.path, h.Core().Geometry().Slots, h.Core().Status().DirtyBlocks)
	if rec.Dropped {
		text += "; the log's end was torn, which is normal after a crash: nothing that was confirmed durable is lost"
	}
	return o.done("resume", text), nil
}

func (m *Manager) reserveCache(o *operation, a control.ResumeArgs, at place) (*cache, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := control.CheckID("cache", a.ID); err != nil {
		return nil, err
	}
	id := uint8(a.ID)
	if m.closing {
		return nil, control.Errorf(control.Busy, "the server is shutting down")
	}
	if old := m.caches[id]; old != nil {
		return nil, control.Errorf(control.Taken, "cache id %d is taken by %s; choose another, or `lc free-cache %d` first", id, old.path, id)
	}
	if by := m.usedByUsLocked(at, nil); by != "" {
		return nil, control.Errorf(control.InUse, "%s is %s already", a.Path, by)
	}
	c := &cache{id: id, path: a.Path, at: at.key, op: o, settings: sysfsio.DefaultSettings()}
	m.caches[id] = c
	return c, nil
}

func (m *Manager) resume(o *operation, c *cache, a control.ResumeArgs) (*host.Cache, *segment.Recovery, error) {
	dev, err := blockdev.Open(c.path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		return nil, nil, err
	}
	h, rec, err := m.resumeOn(o, c, dev, a)
	if err != nil {
		return nil, nil, errors.Join(err, dev.Close())
	}
	return h, rec, nil
}

func (m *Manager) resumeOn(o *operation, c *cache, dev *blockdev.Device, a control.ResumeArgs) (*host.Cache, *segment.Recovery, error) {
	super, err := logcache.ReadSuper(dev)
	if errors.Is(err, segment.ErrNotFormatted) {
		return nil, nil, control.Errorf(control.NotFormatted, "%s is %w; `lc format-cache %s` makes it one", c.path, err, c.path)
	}
	if err != nil {
		return nil, nil, noSuper(c.path, err)
	}
	if err := refuseTaken(dev); err != nil {
		return nil, nil, err
	}
	if dev.Size() < super.DeviceSize {
		return nil, nil, control.Errorf(control.Mismatch, "%s has shrunk: it has %d bytes, and %d when it was formatted; a part of the log is missing: give it its size back", c.path, dev.Size(), super.DeviceSize)
	}
	if dev.LogicalBlock() > super.Geometry.BlockSize {
		return nil, nil, control.Errorf(control.Mismatch, "%s has blocks of %d bytes, and the log was formatted for %d: a copy of it in a file, made with dd on a disk of such blocks, can be resumed, and `lc replay` takes it too", c.path, dev.LogicalBlock(), super.Geometry.BlockSize)
	}
	if err := m.checkTwin(c, super); err != nil {
		return nil, nil, err
	}
	if err := m.checkStale(o, c, super, a); err != nil {
		return nil, nil, err
	}
	if err := m.checkExposed(dev, super); err != nil {
		return nil, nil, err
	}
	warn := func(text string) { o.warn("%s: %s", c.path, text) }
	if super.Other != nil {
		warn(fmt.Sprintf("one of the two copies of the superblock is bad (%v); the other one will do, and nothing is lost. A power cut can leave that; otherwise this device has lost what it once had", super.Other))
	}
	if text, err := oldSignatures(dev); err != nil {
		return nil, nil, err
	} else if text != "" {
		warn(text)
	}
	large := tooLarge(super.Geometry, m.memory)
	if large != "" {
		warn(large)
	}
	var p logProgress
	stop := startTicker(progressEvery, func() { p.tell(o, c.path) })
	defer stop()
	h, rec, err := host.ResumeCache(c.id, dev, host.CacheOptions{Logf: logf(o.log), Progress: p.set, Swappable: large != ""})
	switch {
	case err == nil:
		m.note(o, c.path, h)
		tellUnread(rec, warn)
	case errors.Is(err, segment.ErrDamaged):
		err = fmt.Errorf("%w; %s", err, wayOut(c.path))
	}
	return h, rec, err
}

// checkTwin refuses a copy of a cache that is resumed.
func (m *Manager) checkTwin(c *cache, super *segment.Super) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	other := m.twinLocked(super.UUID)
	if other == nil {
		return nil
	}
	what := fmt.Sprintf("%s is a copy of cache %d (%s), or the same disk in another way: both have UUID %s", c.path, other.id, other.path, uuid.UUID(super.UUID))
	if other.host.Core().Health() >= logcache.Failed {
		return control.Errorf(control.Mismatch, "%s; cache %d has failed: take it out of service first, with `lc free-cache %d`, or `lc shutdown` while devices are attached to it", what, other.id, other.id)
	}
	return control.Errorf(control.Mismatch, "%s; resume only one", what)
}

// checkExposed refuses a log that holds data for a backing which a device shows
// without it, or through another cache: what was written to that device since
// then would be overwritten by older data.
func (m *Manager) checkExposed(dev *blockdev.Device, super *segment.Super) error {
	_, devices := m.snapshot()
	devices = slices.DeleteFunc(devices, func(d device) bool { return !d.mayBeIn(super) })
	if len(devices) == 0 {
		return nil // and the log need not be read
	}
	claims := claimsOn(dev, super)
	for i := range devices {
		for _, c := range claims {
			if err := m.exposed(&devices[i], c, dev); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayBeIn tells whether the data of a binding may be that of a device. One that
// has its data elsewhere, and an identity, is known well enough by that.
func (d *device) mayBeIn(super *segment.Super) bool {
	if d.host == nil || d.backing == nil {
		return false
	}
	elsewhere := d.waitsFor != 0 || d.host.Cache() != nil
	return slices.ContainsFunc(super.Bindings, func(b segment.Binding) bool {
		return !elsewhere || d.backing.Identity(&b) != whose.Other || d.backing.Shares(&b) != nil
	})
}

// exposed tells why a log with this claim cannot be brought in beside a device.
func (m *Manager) exposed(d *device, c claim, log *blockdev.Device) error {
	c.dev = log
	if err := c.hunt(d.backing, d.host.Backing(), m.knownBy); err != nil {
		return err
	}
	if o := c.shared(d.backing, d.distinct); o != nil {
		return control.Errorf(control.Mismatch, "the log on %s holds data for %s, of which device %d has sectors, on %s; `lc remove %d` first, and create that disk after the resume", c.log, o.Path, d.id, d.path, d.id)
	}
	through := d.waitsFor
	if at := d.host.Cache(); at != nil {
		through = at.ID()
	}
	switch kin := d.backing.Kin(&c.binding, c.content, c.place()); {
	case kin == whose.Unrelated || kin == whose.Foreign || kin == whose.Copy:
		return nil
	case kin == whose.Lookalike && (through != 0 || d.distinct):
		return nil
	case kin == whose.Own && d.distinct && d.backing.Disowned(&c.binding, c.content):
		return nil
	case through != 0 && c.inPart(d.backing):
		if its, err := m.fitsIn(d, through, &c); its || err != nil {
			return err
		}
	case through == 0:
		return control.Errorf(control.Mismatch, "the log on %s holds data for %s, which device %d shows without it; `lc remove %d` first, and create it again after the resume", c.log, d.path, d.id, d.id)
	}
	return control.Errorf(control.Mismatch, "the log on %s holds data for %s as %s, and cache %d has that disk as device %d: what one of them holds is out of date. `lc replay %s --device %d --dry-run` shows what this one has; %s",
		c.log, d.path, &c, through, d.id, c.log, c.binding.ID, c.giveUp()+d.orAnother(&c))
}

// orAnother is the way out if a device's disk but looks like the claim's, where
// that word counts; else "".
func (d *device) orAnother(c *claim) string {
	disk := *d.backing
	disk.ID = 0 // it may get another
	if !disk.Disowned(&c.binding, c.content) {
		return ""
	}
	detach := ""
	if d.host.Cache() != nil {
		detach = fmt.Sprintf("`lc detach %d`, ", d.id)
	}
	return fmt.Sprintf("; or, if %s is another disk, that looks like it, %s`lc remove %d`, and then %s", d.path, detach, d.id, c.asAnother(d.backing))
}
