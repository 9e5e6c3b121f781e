package manager

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// absent warns of caches that had data of a disk when this host last saw them,
// and that are not here, or only as they were before that.
func (m *Manager) absent(o *operation, d *whose.Disk, found []foreignCache, skip []string) {
	for _, err := range m.record.Bad() {
		o.warn("%s: %v; whether that cache has data of it, and is here, is not known", d.Path, err)
	}
	for _, c := range m.record.All() {
		if m.here(&c, found) {
			continue
		}
		for _, of := range c.Disks {
			if had := hadDataOf(&of, d); had != "" {
				missing, gone := "is not here", "it will not come back"
				if skips(skip, c.Path) {
					missing, gone = "is not asked, as --skip-disk says", "nothing of that is needed"
				}
				o.warn("%s: cache %s, which this host has last seen on %s, %s of it as device %d (%s), and %s: what is shown may be out of date. If %s, delete %s",
					d.Path, c.UUID, c.Path, had, of.Device, control.Show(of.Name), missing, gone, m.record.File(c.UUID))
			}
		}
	}
}

// skips tells whether a path is one of those that are not to be asked.
func skips(skip []string, path string) bool {
	not, err := allBut(skip)
	if err != nil || not.paths[path] {
		return err == nil
	}
	st, err := statSoon(path, slowLook)
	return err == nil && (not.file(st) || not.numbers[blockdev.KeyOf(st).Number])
}

// here tells whether a cache is on this host, as it was seen last or newer.
func (m *Manager) here(c *seen.Cache, found []foreignCache) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.twinLocked(c.UUID) != nil ||
		slices.ContainsFunc(found, func(s foreignCache) bool { return s.super.UUID == c.UUID && beforeSeen(s.super, c) == "" })
}

// hadDataOf says that a disk which was seen is, or may be, another one; "" if it
// is not. Without an identity a device's id or name is all there is to go by.
func hadDataOf(of *seen.Disk, d *whose.Disk) string {
	switch {
	case slices.Contains(d.Prints, of.Fingerprint):
		return "had data"
	case (of.Fingerprint == 0 || len(d.Prints) == 0) && (of.Device == d.ID || of.Name == d.Name):
		return "may have had data"
	}
	return ""
}
