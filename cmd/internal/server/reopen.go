package server

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

// Reopen goes on with a device over its disk, which went away and has come back, perhaps under another name.
func (m *Manager) Reopen(ctx context.Context, a control.ReopenArgs, report reporter) (*control.Done, error) {
	d, err := m.takeDevice(a.Device, "its disk is being opened anew")
	if err != nil {
		return nil, err
	}
	defer m.giveBackDevice(d)
	path, err := m.comeBack(d, a.Path)
	if err != nil {
		return nil, err
	}
	backing, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		return nil, err
	}
	seen, err := m.reopen(ctx, d, backing, a, report)
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
	m.logf("reopen: %s", text)
	return &control.Done{Text: text}, nil
}

// comeBack is where the disk of a device is now: where the user says, or where the host knows one of its identity.
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
	m.mu.Lock()
	defer m.mu.Unlock()
	if by := m.usedByUsLocked(path); by != "" {
		if by == "the backing of device "+itoa(d.id) {
			return "", control.Errorf(control.InUse, "%s is %s, and open already: there is nothing to do, unless the disk is another one now, or comes back by another path: `lc reopen %d PATH`", path, by, d.id)
		}
		return "", control.Errorf(control.InUse, "%s is %s already", path, by)
	}
	return path, nil
}

// reopen wants a disk to be the one of a device, and has the device go on over it.
func (m *Manager) reopen(ctx context.Context, d *device, backing *blockdev.Device, a control.ReopenArgs, report reporter) (*whose.Disk, error) {
	seen, err := m.describe(backing, d.id, d.name)
	if err != nil {
		return nil, err
	}
	if err := checkReturned(d, seen, a.Unidentified); err != nil {
		return nil, err
	}
	stop := remind(report, "waiting for requests in flight on device %d, and for migration to let go of %s", d.id, d.path)
	defer stop()
	err = d.host.Reopen(ctx, backing, host.AttachOptions{AcceptChanged: a.AcceptChanged, Overruled: func(e *host.ChangedError) {
		m.warn(report, "reopen: %v; the log's blocks go over what is there: check the file system", e)
	}})
	var changed *host.ChangedError
	switch {
	case errors.As(err, &changed):
		return nil, control.Errorf(control.Mismatch, "%w. `lc reopen %d %s --accept-changed` puts the log's data over it all the same", err, d.id, backing.Path())
	case errors.Is(err, host.ErrSmaller):
		return nil, control.Errorf(control.Mismatch, "%w; give it its size back, or take its data off the log: `lc shutdown`, and `lc replay`", err)
	}
	return seen, err
}

// checkReturned tells by what the host says whether a disk is the one that a device is over.
func checkReturned(d *device, seen *whose.Disk, unidentified bool) error {
	was := d.backing
	same := slices.ContainsFunc(was.Prints, func(p uint64) bool { return slices.Contains(seen.Prints, p) })
	switch {
	case same || unidentified && (len(was.Prints) == 0 || len(seen.Prints) == 0):
		return nil
	case len(was.Prints) > 0 && len(seen.Prints) > 0:
		return control.Errorf(control.Mismatch, "%s is not the disk of device %d (%s): its identity is another than %s had. If it is a copy that is to take its place: `lc shutdown`, and then `lc resume`, `lc create` and `lc attach` look at what is written on it",
			seen.Path, d.id, d.name, d.path)
	}
	return control.Errorf(control.Mismatch, "nothing tells whether %s is the disk of device %d (%s): the host gives no identity of it, or gave none of %s. If it is, `lc reopen %d %s --unidentified`",
		seen.Path, d.id, d.name, d.path, d.id, seen.Path)
}
