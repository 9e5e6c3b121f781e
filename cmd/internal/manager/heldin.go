package manager

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// HeldIn refuses a disk that a cache of this host holds data for, and says what
// to do before it is used for anything else; and one that nothing tells from
// such a disk, unless distinct, the administrator's word, says that it is none.
// It is for the verbs that need no server, and reads the logs of all caches.
// report hears of a disk that does not answer.
func HeldIn(ctx context.Context, record seen.Dir, disk *blockdev.Device, distinct bool, skip []string, report func(control.Progress)) error {
	d, err := whose.Describe(disk, 0, "")
	if err != nil {
		return err
	}
	paths, err := present(ctx, record, skip, disk.Key())
	if err != nil {
		return err
	}
	return heldIn(&operation{ctx: ctx, hear: report}, paths, d, disk, distinct)
}

// HeldBeside refuses a disk for which another cache than one holds data, or may,
// for it cannot be read: whatever is written to the disk would be behind that.
// Copies of that one do not count: see [Newer]. It is for the verbs that need no
// server, as [HeldIn] is.
func HeldBeside(ctx context.Context, record seen.Dir, d *whose.Disk, disk *blockdev.Device, super *segment.Super, skip []string, report func(control.Progress)) error {
	paths, err := present(ctx, record, skip, disk.Key())
	if err != nil {
		return err
	}
	o := &operation{ctx: ctx, hear: report}
	for _, path := range paths {
		h, err := patiently(o, path, func() holdings { return holdingsOf(path, super.UUID) })
		switch {
		case err != nil:
			return err
		case h.err != nil:
			return newUnread(path, h.err).mayHold(d)
		}
		for i := range h.claims {
			if err := h.claims[i].refuseBehind(d, disk); err != nil {
				return err
			}
		}
	}
	return nil
}

// refuseBehind refuses a disk of which a claim is, or what shares sectors with it.
func (c *claim) refuseBehind(d *whose.Disk, disk *blockdev.Device) error {
	err := c.hunt(d, disk, blockdev.KnownBy)
	if err != nil || d.Identity(&c.binding) != whose.Same && c.content != whose.Same && c.shared(d, false) == nil {
		return err
	}
	return control.Errorf(control.Mismatch, "the cache on %s holds data for it as well, or for what shares sectors with it, as %s: what one of the two holds is out of date. `lc replay %s --device %d --dry-run` shows what is there; --skip-disk %s writes without asking that",
		c.log, c, c.log, c.binding.ID, c.log)
}

// holdings are what a cache holds data of, or why nobody can tell.
type holdings struct {
	claims []claim
	err    error
}

// holdingsOf asks the cache at a path, if it is no copy of one.
func holdingsOf(path string, but [16]byte) holdings {
	found := probeCache(path)
	if found.super != nil && found.super.UUID == but {
		return holdings{}
	}
	return holdings{(&foreignCache{path: path, super: found.super, now: found.now}).claims(), found.err}
}

// heldIn asks the caches that may be at some paths.
func heldIn(o *operation, paths []string, d *whose.Disk, disk *blockdev.Device, distinct bool) error {
	var doubts []error
	for _, path := range paths {
		h, err := patiently(o, path, func() holdings { return holdingsOf(path, [16]byte{}) })
		if err != nil {
			return err
		}
		if h.err != nil {
			doubts = append(doubts, newUnread(path, h.err).mayHold(d))
		}
		for i := range h.claims {
			may, err := h.claims[i].hold(d, disk, distinct)
			if err != nil {
				return err
			}
			doubts = append(doubts, may)
		}
	}
	for _, doubt := range doubts {
		if doubt != nil {
			return doubt
		}
	}
	return nil
}

// hold refuses a disk that a claim is of, and says what is to be said if it may be.
func (c *claim) hold(d *whose.Disk, disk *blockdev.Device, distinct bool) (may, err error) {
	if err := c.hunt(d, disk, blockdev.KnownBy); err != nil {
		return nil, err
	}
	switch o := c.shared(d, distinct); {
	case o == nil:
	case o == c.around:
		return errMustGo(c, o.Path, "; "+d.Path+" shares sectors with it; only if that is another disk, that looks like it, --other-disk says so"), nil
	default:
		return nil, errMustGo(c, o.Path, "; "+d.Path+" shares sectors with it")
	}
	switch kin := d.Kin(&c.binding, c.content, c.place()); {
	case kin == whose.Own && !d.Disowned(&c.binding, c.content):
		return nil, errMustGo(c, d.Path, "")
	case distinct:
		return nil, nil
	case kin == whose.Own:
		return errMustGo(c, d.Path, "; only if it is another disk, that looks like it, --other-disk says so"), nil
	case kin == whose.Copy:
		return control.Errorf(control.Mismatch, "by its identity %s is the disk of %s, for which the cache on %s holds data, and %s is a copy of it: if that may go, --other-disk says so", c.original, c, c.log, d.Path), nil
	case kin == whose.Lookalike || kin == whose.Perhaps:
		return control.Errorf(control.Mismatch, "%s. If it is, %s; if it is not, --other-disk says so",
			c.resembles(d, "the cache on "+c.log), c.waysOff(d.Path, forced)), nil
	}
	return nil, nil
}

// errMustGo is that a log holds data for a disk.
func errMustGo(c *claim, disk, more string) error {
	return control.Errorf(control.HasContent, "%s is the disk of %s, and the cache on %s holds data for it that was not migrated: %s%s", disk, c, c.log, c.waysOff(disk, ""), more)
}

// waysOff are what brings the data that a log holds for a disk there, or gives
// it up.
func (c *claim) waysOff(disk, force string) string {
	if c.now != "" {
		return fmt.Sprintf("%s, and `%s --to %s` brings there what is left in its log; `--skip-disk %s` then goes on without asking that",
			whose.Taken(c.log, c.now), c.replay(force), disk, c.log)
	}
	return fmt.Sprintf("`lc detach %d` brings it there while the device is attached; else, while the cache is not resumed, `lc replay %s --device %d%s --to %s`, and then `lc forget %s %d --replayed-to %s` lets the disk go; without --replayed-to that gives the data up",
		c.binding.ID, c.log, c.binding.ID, force, disk, c.log, c.binding.ID, disk)
}
