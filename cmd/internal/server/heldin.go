package server

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// HeldIn says which cache of this host holds data for a disk, and what to do before the disk is used for anything else; "" if
// none does. It is for the verbs that need no server, and reads the logs of all caches. report hears of a disk that does not
// answer.
func HeldIn(ctx context.Context, record seen.Dir, disk *blockdev.Device, skip []string, report func(control.Progress)) (string, error) {
	d, err := whose.Describe(disk, 0, "")
	if err != nil {
		return "", err
	}
	paths, err := present(ctx, record, skip)
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		claims, err := patiently(ctx, path, report, func() []claim {
			found := superOf(path)
			if found == nil || path == disk.Path() {
				return nil
			}
			return (&stranger{path: path, super: found}).claims()
		})
		if err != nil {
			return "", err
		}
		for _, c := range claims {
			if err := c.look(d, disk); err != nil {
				return "", err
			}
			if o := d.Shares(&c.binding); o != nil {
				return c.mustGo(o.Path) + fmt.Sprintf("; %s shares sectors with it", disk.Path()), nil
			}
			if d.Kin(&c.binding, c.content, false) == whose.Own {
				return c.mustGo(disk.Path()), nil
			}
		}
	}
	return "", nil
}

// mustGo says that a log holds data for a disk, and what brings it there, or gives it up.
func (c *claim) mustGo(disk string) string {
	return fmt.Sprintf("%s is the disk of %s, and the cache on %s holds data for it that was not drained: `lc detach %d` brings it there while the device is attached; else, while the cache is not resumed, `lc replay %s --device %d --to %s`, and then `lc forget %s %d --replayed-to %s` lets the disk go; without --replayed-to that gives the data up",
		disk, c, c.log, c.binding.ID, c.log, c.binding.ID, disk, c.log, c.binding.ID, disk)
}
