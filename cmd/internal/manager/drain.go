package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/migrate"
)

// Drain migrates all that is in the log of a cache now. Its devices stay
// attached and in use. Interrupted, it leaves them so too.
func (m *Manager) Drain(ctx context.Context, a control.DrainArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Draining, report, "cache", a.ID)
	c, err := m.refCache(a.ID, o)
	if err != nil {
		return nil, err
	}
	defer m.unrefCache(c, o)
	if err := o.skip(c.host, a.Skip); err != nil {
		return nil, err
	}
	if err := m.drain(o, c); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("cache %d: drained; all that was written before is on the backings", c.id)
	if len(a.Skip) > 0 {
		text += ", but for what was damaged"
	}
	return o.done("drain", text), nil
}

func (m *Manager) drain(o *operation, c *cache) error {
	core := c.host.Core()
	for _, b := range core.Bound() {
		if n := core.DirtyBlocks(b.ID); n > 0 && !m.attachedTo(c, b.ID) {
			return control.Errorf(control.NotAttached, "cache %d holds %d dirty blocks of device %d (%s), which is not attached; `lc create` it and `lc attach %d %d` first; if its disk will not come back, `lc forget %s %d` gives that up",
				c.id, n, b.ID, control.Show(b.Name), b.ID, c.id, c.path, b.ID)
		}
	}
	others := m.watchOtherLoad(c.host)
	err := c.host.Drain(o.ctx, m.telling(o, c.host, others))
	switch {
	case err != nil && o.cancelled():
		return control.Errorf(control.Interrupted, "interrupted: %d dirty blocks are left in the log of cache %d; its devices stay attached%s", core.Status().DirtyBlocks, c.id, safe(c.host))
	case err != nil:
		return fmt.Errorf("cache %d: %w", c.id, explainDamage(o, c.host, fmt.Sprintf("lc drain %d", c.id), err))
	}
	return nil
}

// safe is what can be said of the data that is left in a log.
func safe(c *host.Cache) string {
	if c.Migration().Damaged != 0 {
		return "; a part of the log is damaged"
	}
	return ", and nothing is lost"
}

func (m *Manager) attachedTo(c *cache, id uint8) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.devices[id]
	return d != nil && d.host != nil && d.host.Cache() == c.host
}

// drainAll drains all caches, one after the other.
func (m *Manager) drainAll(o *operation) error {
	caches, _ := m.snapshot()
	for i := range caches {
		if _, err := m.Drain(o.ctx, control.DrainArgs{ID: int(caches[i].id)}, o.hear); err != nil {
			return err
		}
	}
	return nil
}

// telling passes on how far the drain of a cache is.
func (m *Manager) telling(o *operation, c *host.Cache, others *otherLoad) func(host.DrainProgress) {
	return func(p host.DrainProgress) {
		p.Waiting = m.wayOn(c, p.Waiting)
		o.tell(drainProgress(p, others.sample(time.Now())))
	}
}

// wayOn adds to what holds migration up how to go on, if that is data of devices
// which are not attached.
func (m *Manager) wayOn(c *host.Cache, heldUp string) string {
	if !strings.Contains(heldUp, migrate.ErrNoBacking.Error()) {
		return heldUp
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range c.Core().Bound() {
		d := m.devices[b.ID]
		if attached := d != nil && d.host != nil && d.host.Cache() == c; !attached && c.Core().DirtyBlocks(b.ID) > 0 {
			heldUp += fmt.Sprintf("; `lc create` and `lc attach %d %d` go on with it, `lc forget %s %d` gives its data up", b.ID, c.ID(), c.Dev().Path(), b.ID)
		}
	}
	return heldUp
}

// drainProgress is a drain's report in figures and in words. slowed says by
// whom it is.
func drainProgress(p host.DrainProgress, slowed string) control.Progress {
	d := &control.Drain{
		DirtyBytes: p.DirtyBlocks * index.BlockBytes, Rate: p.Rate,
		LeftSeconds: int64((p.Left + time.Second - 1) / time.Second), HeldUp: p.Waiting, Slowed: slowed,
	}
	words := []string{fmt.Sprintf("%s dirty, %d segments to migrate", humanize.IBytes(d.DirtyBytes), p.Segments)}
	if d.Rate > 0 {
		words = append(words, humanize.IBytes(uint64(d.Rate))+"/s")
	}
	if d.LeftSeconds > 0 {
		words = append(words, fmt.Sprintf("%v left", time.Duration(d.LeftSeconds)*time.Second))
	}
	text := strings.Join(words, ", ")
	switch { // first, for a terminal may have no room for all
	case d.HeldUp != "":
		text = "held up: " + d.HeldUp + "; " + text
	case d.Slowed != "":
		text = "slowed: " + d.Slowed + "; " + text
	}
	return control.Progress{Text: text, Done: &p.Done, Drain: d}
}
