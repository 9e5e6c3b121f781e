package manager

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/segment"
)

// Damage looks for damage in all of a log that is not migrated, and tells what
// is lost with it. It changes nothing.
func (m *Manager) Damage(ctx context.Context, a control.DamageArgs, report Reporter) (*control.Damage, error) {
	o := m.begin(ctx, control.Searching, report)
	c, err := m.damagedCache(a, o)
	if err != nil {
		return nil, err
	}
	defer m.unrefCache(c, o)
	var p logProgress
	stop := startTicker(progressEvery, func() { p.tell(o, fmt.Sprintf("looking for damage in cache %d", c.id)) })
	bad, err := c.host.FindDamage(o.ctx, 0, p.set)
	stop()
	switch {
	case err != nil && o.cancelled():
		return nil, control.Errorf(control.Interrupted, "interrupted; nothing was changed")
	case errors.Is(err, segment.ErrDamaged):
		return nil, fmt.Errorf("cache %d: %w: it is the header that is bad, and nothing tells what it held, nor what comes behind it, so it cannot be skipped while the cache runs; after `lc shutdown`, %s", c.id, err, wayOut(c.path))
	case err != nil:
		return nil, err
	}
	return m.lost(c, bad), nil
}

// damagedCache pins the cache that is meant.
func (m *Manager) damagedCache(a control.DamageArgs, o *operation) (*cache, error) {
	if a.Device == 0 {
		return m.refCache(a.Cache, o)
	}
	m.mu.Lock()
	d, err := m.deviceLocked(a.Device)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if d.host == nil || d.host.Cache() == nil {
		return nil, control.Errorf(control.NotAttached, "device %d is %w", a.Device, host.ErrNotAttached)
	}
	return m.refCache(int(d.host.Cache().ID()), o)
}

// lost says what of damaged records is in no newer record.
func (m *Manager) lost(c *cache, bad []segment.BadRecord) *control.Damage {
	d := &control.Damage{Cache: int(c.id), Records: []control.DamagedRecord{}}
	core := c.host.Core()
	names := map[uint8]string{}
	for _, b := range core.Bound() {
		names[b.ID] = b.Name
	}
	for i := range bad {
		r := control.DamagedRecord{BadRecord: badRecordOf(&bad[i]), Missing: []control.Sectors{}}
		for _, p := range core.Newest(bad[i].Lost) {
			r.Missing = append(r.Missing, sectorsOf(&p, names[p.Device]))
		}
		d.Records = append(d.Records, r)
	}
	return d
}

// wayOut is what can be done about a damaged cache that is not resumed.
func wayOut(path string) string {
	return fmt.Sprintf("`lc check %s` tells what is damaged, %s, and after that `lc format-cache %s --force%s` makes an empty cache of it", path, Brings(path), path, asBefore(path))
}

// Brings names the replays that bring what is whole in a damaged log to disks:
// one for each device that it may have data of.
func Brings(path string) string {
	all := (&foreignCache{path: path, super: superOf(path)}).claims()
	if len(all) < 2 {
		return fmt.Sprintf("`lc replay %s --skip-damage --to BACKING` brings all else to a disk", path)
	}
	var ways, of []string
	for i := range all {
		ways = append(ways, fmt.Sprintf("`lc replay %s --device %d --skip-damage --to BACKING`", path, all[i].binding.ID))
		of = append(of, all[i].String())
	}
	return fmt.Sprintf("%s bring all else of %s, each to its own disk", strings.Join(ways, " and "), strings.Join(of, " and "))
}

// asBefore is the option that a format wants to make segments as they are on a
// cache, if they are not of the usual size: a small disk has no room for a log
// of larger ones.
func asBefore(path string) string {
	if s := superOf(path); s != nil && s.Geometry.SegmentSize != segment.DefaultSegmentSize {
		return fmt.Sprintf(" --segment-size %d", s.Geometry.SegmentSize)
	}
	return ""
}

// noSuper is the end of a resume without a superblock. A log cannot be found
// without one.
func noSuper(path string, err error) error {
	if errors.Is(err, segment.ErrVersion) {
		return fmt.Errorf("%s: %w", path, err)
	}
	return control.Errorf(control.Damaged, "%s: neither copy of the superblock can be used, and the log cannot be found without one: %w. %s. `lc format-cache --force %s` makes an empty cache, and all that the log held and no disk has is lost",
		path, err, WithoutSuper(path), path)
}

// WithoutSuper is the way on with a cache of which neither superblock can be used.
func WithoutSuper(path string) string {
	return fmt.Sprintf("A copy of this device made earlier, such as an image, can be resumed or replayed in its place; keep what is there with `dd if=%s of=FILE` before anything else", path)
}

// explainDamage adds to a drain's end what was damaged, and what to do. Other
// errors stay as they are.
func explainDamage(o *operation, c *host.Cache, command string, err error) error {
	var damage *host.DamagedError
	if !errors.As(err, &damage) {
		return err
	}
	held := ""
	if bad, e := c.FindDamage(o.ctx, damage.Segment, nil); e == nil && len(bad) > 0 {
		var parts []string
		for _, p := range bad[0].Lost {
			parts = append(parts, fmt.Sprintf("device %d, sectors %d-%d", p.Device, p.LBA, p.LBA+uint64(p.Sectors)-1))
		}
		held = fmt.Sprintf("; the first bad record there is %s, and held %s", &bad[0], strings.Join(parts, "; "))
	}
	return fmt.Errorf("%w%s. `%s --skip-damage` lists all that is damaged, and can leave it out; or, after `lc shutdown`, %s", err, held, command, wayOut(c.Dev().Path()))
}

// skip tells migration what it may leave out, and the server's log what that is.
func (o *operation) skip(c *host.Cache, agreed []control.BadRecord) error {
	list := make([]segment.BadRecord, len(agreed))
	for i := range agreed {
		list[i] = badRecord(&agreed[i])
		o.log.Warn(fmt.Sprintf("cache %d: left out on demand: %s; %+v", c.ID(), &list[i], list[i].Lost))
	}
	return c.Skip(o.ctx, list)
}

// tellUnread warns of what recovery could not read and did without.
func tellUnread(rec *segment.Recovery, warn func(string)) {
	const most = 8
	for i := range rec.Unread[:min(most, len(rec.Unread))] {
		warn(fmt.Sprintf("%v; nothing is lost that is known to be durable", &rec.Unread[i]))
	}
	if n := len(rec.Unread) - most; n > 0 {
		warn(fmt.Sprintf("%d more places cannot be read; `lc check` lists them when the cache is not resumed", n))
	}
	if rec.Doubt != nil {
		warn(fmt.Sprintf("the log ends behind record %d, at bytes that cannot be read (from %d on): one more record may have been there, and if it was the last that was confirmed durable, it is lost, and nothing else tells of it; look after what was written last",
			rec.LastSeq, rec.Doubt.Offset))
	}
}
