package manager

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// Reopen goes on with a device over its disk, which went away and has come
// back, perhaps under another name.
func (m *Manager) Reopen(ctx context.Context, a control.ReopenArgs, report Reporter) (*control.Done, error) {
	o := m.begin(ctx, control.Reopening, report, "device", a.Device)
	d, err := m.acquireDevice(a.Device, o)
	if err != nil {
		return nil, err
	}
	defer m.releaseDevice(d)
	leave, err := m.lockBindings(o) // who looks at disks has them open
	if err != nil {
		return nil, err
	}
	defer leave()
	path, err := m.comeBack(d, a.Path)
	if err != nil {
		return nil, err
	}
	backing, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if errors.Is(err, blockdev.ErrInUse) {
		return nil, fmt.Errorf("%w. If it is device %d that has it open already, there is nothing to do", err, d.id)
	}
	if err != nil {
		return nil, err
	}
	seen, err := m.reopen(o, d, backing)
	if err != nil {
		return nil, errors.Join(err, backing.Close())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	was := d.path
	d.path, d.backing = backing.Path(), seen
	text := fmt.Sprintf("device %d (%s): over %s now, and was over %s", d.id, d.name, d.path, was)
	if c := d.host.Cache(); c != nil {
		text += fmt.Sprintf("; cache %d goes on with it", c.ID())
	}
	return o.done("reopen", text), nil
}

// comeBack is where the disk of a device is now: where the user says, or where
// the host knows one of its identity.
func (m *Manager) comeBack(d *device, path string) (string, error) {
	if path == "" {
		path = d.path
		for _, print := range d.backing.Prints {
			found, err := m.knownBy(print)
			if err != nil {
				return "", err
			}
			if found != "" {
				path = found
				break
			}
		}
	}
	at := lookUp(path)
	m.mu.Lock()
	defer m.mu.Unlock()
	// A link may lead to the disk that has come back already; and the one that
	// is open cannot be opened twice.
	if by := m.usedByUsLocked(at, d); by != "" {
		return "", control.Errorf(control.InUse, "%s is %s already", path, by)
	}
	return path, nil
}

// reopen wants a disk to be the one of a device, and has the device go on over it.
func (m *Manager) reopen(o *operation, d *device, backing *blockdev.Device) (*whose.Disk, error) {
	what, err := backing.Content()
	if err != nil {
		return nil, err
	}
	if what == blockdev.OwnCache {
		return nil, control.Errorf(control.HasContent, "%s is formatted as a cache, and is not the disk of device %d", backing.Path(), d.id)
	}
	seen, err := m.describe(backing, d.id, d.name)
	if err != nil {
		return nil, err
	}
	if err := checkReturned(d, seen); err != nil {
		return nil, err
	}
	stop := o.keepReporting("waiting for requests in flight on device %d, and for migration to let go of %s", d.id, d.path)
	defer stop()
	err = d.host.Reopen(o.ctx, backing)
	if errors.Is(err, host.ErrSmaller) {
		return nil, control.Errorf(control.Mismatch, "%w; give it its size back. %s", err, anew)
	}
	return seen, err
}

// anew is the way with any disk that is not plainly the one that was open.
const anew = "`lc shutdown`, and then `lc resume`, `lc create` and `lc attach`, look at what is written on a disk"

// checkReturned tells by what the host says whether a disk is the one that a
// device is over.
func checkReturned(d *device, seen *whose.Disk) error {
	was := d.backing
	switch {
	case slices.ContainsFunc(was.Prints, func(p uint64) bool { return slices.Contains(seen.Prints, p) }):
		return nil
	case len(was.Prints) > 0 && len(seen.Prints) > 0:
		return control.Errorf(control.Mismatch, "%s is not the disk of device %d (%s): its identity is another than %s had. %s", seen.Path, d.id, d.name, d.path, anew)
	case seen.Nameless() != "":
		return control.Errorf(control.Mismatch, "%s: %s, and nothing tells whether it is the disk of device %d (%s). %s", seen.Path, seen.Nameless(), d.id, d.name, anew)
	}
	return control.Errorf(control.Mismatch, "nothing tells whether %s is the disk of device %d (%s): when that was created, the host had no identity of it. %s", seen.Path, d.id, d.name, anew)
}
