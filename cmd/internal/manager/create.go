package manager

import (
	"context"
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/sysfsio"
	"github.com/ublk-lc/ublk-lc/ublk"
	"github.com/ublk-lc/ublk-lc/ublk/uapi"
)

// Create makes a device over a backing. Its node appears now, unless a log
// holds data for the backing.
func (m *Manager) Create(ctx context.Context, a control.CreateArgs, report Reporter) (*control.Done, error) {
	if err := m.probe(ctx); err != nil {
		return nil, explainUblk(err)
	}
	o := m.begin(ctx, control.Creating, report, "device", a.ID)
	at := lookUp(a.Path)
	leave, err := m.lockBindings(o)
	if err != nil {
		return nil, err
	}
	defer leave()
	d, err := m.reserveDevice(o, a, at)
	if err != nil {
		return nil, err
	}
	h, err := m.create(o, d, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		delete(m.devices, d.id)
		return nil, err
	}
	d.host, d.op = h, nil
	text := d.waiting()
	if d.waitsFor == 0 {
		m.linkLocked(d)
		text = fmt.Sprintf("device %d (%s): %s over %s", d.id, d.name, h.Node(), d.path)
	}
	return o.done("create", text), nil
}

// waiting says what a device without a node waits for.
func (d *device) waiting() string {
	attach := fmt.Sprintf("lc attach %d %d", d.id, d.waitsFor)
	if d.double != "" {
		return fmt.Sprintf("device %d (%s): no node yet; by what is written on it %s is the disk of which cache %d holds data, and so is %s: at least one of them is a copy, and nothing tells which. If it is %s, `%s --unidentified`",
			d.id, d.name, d.path, d.waitsFor, d.double, d.path, attach)
	}
	if d.unidentified {
		return fmt.Sprintf("device %d (%s): no node yet; cache %d holds data of a disk with this id and size, and nothing tells whether it is %s: the host gives no identity, and nothing on it tells. If it is, `%s --unidentified`",
			d.id, d.name, d.waitsFor, d.path, attach)
	}
	return fmt.Sprintf("device %d (%s): no node yet; it waits for `%s`, since cache %d holds data for %s", d.id, d.name, attach, d.waitsFor, d.path)
}

// explainUblk adds what else can be done on a kernel without ublk.
func explainUblk(err error) error {
	if errors.Is(err, ublk.ErrNoModule) || errors.Is(err, ublk.ErrTooOld) {
		return fmt.Errorf("%w; `make demo` works on this host all the same, in a virtual machine", err)
	}
	return err
}

func (m *Manager) reserveDevice(o *operation, a control.CreateArgs, at place) (*device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := control.CheckID("device", a.ID); err != nil {
		return nil, err
	}
	if err := control.CheckName(a.Name); err != nil {
		return nil, err
	}
	if err := errors.Join(checkQueues(a), checkBlockArg(a.LogicalBlock)); err != nil {
		return nil, err
	}
	id := uint8(a.ID)
	if m.closing {
		return nil, control.Errorf(control.Busy, "the server is shutting down")
	}
	if old := m.devices[id]; old != nil {
		return nil, control.Errorf(control.Taken, "device id %d is taken by %q; choose another, or `lc remove %d` first", id, old.name, id)
	}
	for _, other := range m.devices {
		if other.name == a.Name {
			return nil, control.Errorf(control.Taken, "name %q is taken by device %d; choose another", a.Name, other.id)
		}
	}
	if by := m.usedByUsLocked(at, nil); by != "" {
		return nil, control.Errorf(control.InUse, "%s is %s already", a.Path, by)
	}
	d := &device{id: id, name: a.Name, path: a.Path, at: at.key, op: o, threshold: sysfsio.DefaultMigrateThreshold}
	m.devices[id] = d
	return d, nil
}

// checkQueues refuses numbers that the kernel does not take; 0 means the default.
func checkQueues(a control.CreateArgs) error {
	for _, n := range []struct {
		what string
		got  int
		most int
	}{{"queues", a.Queues, uapi.UBLK_MAX_NR_QUEUES}, {"depth", a.Depth, uapi.UBLK_MAX_QUEUE_DEPTH}} {
		if n.got < 0 || n.got > n.most {
			return control.Errorf(control.BadValue, "%s %d is out of range; it goes from 1 to %d", n.what, n.got, n.most)
		}
	}
	return nil
}

func (m *Manager) create(o *operation, d *device, a control.CreateArgs) (*host.Device, error) {
	backing, err := blockdev.Open(d.path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		return nil, err
	}
	if err := m.checkAll(o, d, backing, a); err != nil {
		return nil, errors.Join(err, backing.Close())
	}
	h, err := host.NewDevice(d.id, d.name, backing, host.DeviceOptions{Queues: a.Queues, Depth: a.Depth, LogicalBlock: blockOf(backing, a)})
	if err != nil {
		return nil, errors.Join(err, backing.Close())
	}
	if d.waitsFor != 0 {
		return h, nil
	}
	ctx := context.WithoutCancel(o.ctx) // the commands to the kernel have deadlines, and must not be left half-way
	if err := m.start(ctx, h); err != nil {
		return nil, errors.Join(explainUblk(err), h.Stop(ctx, true))
	}
	return h, nil
}

// checkAll refuses what cannot be a backing, or not in these blocks.
func (m *Manager) checkAll(o *operation, d *device, backing *blockdev.Device, a control.CreateArgs) error {
	if err := checkSize(backing, a); err != nil {
		return err
	}
	if err := m.checkBacking(o, d, backing, a); err != nil {
		return err
	}
	if err := m.checkServers(d, backing, a); err != nil {
		return err
	}
	return o.warnContent(d, backing, a)
}

// checkBacking refuses what cannot be a backing, and finds out whether a log
// holds data for it.
func (m *Manager) checkBacking(o *operation, d *device, backing *blockdev.Device, a control.CreateArgs) error {
	if err := m.checkNoCache(o, d, backing, a); err != nil {
		return err
	}
	seen, err := m.describe(backing, d.id, d.name)
	if err != nil {
		return err
	}
	if why := seen.Nameless(); why != "" {
		o.warn("%s: %s; it is known again by its size, and by what is written on it", d.path, why)
	}
	m.moved(o, seen)
	claims, err := m.claims(o, seen, a.SkipDisks)
	if err != nil {
		return err
	}
	r, err := m.resolveClaims(o, seen, backing, claims, a.OtherDisk, a.SkipDisks)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d.backing, d.distinct, d.skip, d.ruling = seen, a.OtherDisk, a.SkipDisks, r
	return nil
}

// resolveClaims finds out what the claims on a disk come to.
func (m *Manager) resolveClaims(o *operation, d *whose.Disk, disk *blockdev.Device, claims []claim, distinct bool, skip []string) (ruling, error) {
	for i := range claims {
		if err := claims[i].look(d, disk); err != nil {
			return ruling{}, err
		}
	}
	claims = apart(d, claims)
	for i := range claims {
		if err := claims[i].seek(d, m.knownBy); err != nil {
			return ruling{}, err
		}
	}
	r, err := rule(d, claims, distinct)
	for i := range claims {
		if c := &claims[i]; err == nil && r.waitsFor == 0 && !distinct && c.served != "" && d.Kin(&c.binding, c.content, c.place()) == whose.Copy && !c.faint() {
			o.warn("%s has the content of the disk of %s, which %s has on %s, and another identity: it is a copy, and is shown as it is", d.Path, c, c.holder(), c.served)
		}
		if c := &claims[i]; err == nil && r.byContent && c.cache == r.waitsFor && c.binding.ID == d.ID {
			err = m.knownAlone(o, d, c, skip, &r)
		}
	}
	return r, err
}
