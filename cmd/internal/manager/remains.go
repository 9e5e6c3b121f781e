package manager

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// refuseTaken refuses to resume what is another program's disk now.
func refuseTaken(dev *blockdev.Device) error {
	by, err := whose.TakenBy(dev)
	if err != nil || by == "" {
		return err
	}
	path := dev.Path()
	return control.Errorf(control.HasContent, "%s: it is not resumed, and nothing was written to it. `lc replay %s --dry-run` tells what is left in its log, and `lc replay` saves that; `lc format-cache --force %s` makes it a cache again, and what was written since is lost",
		whose.Taken(path, by), path, path)
}

// checkNoCache refuses a backing that is a cache. One that was a cache once is
// a disk like any other, unless there is data in what is left of its log, over
// which the device would write.
func (m *Manager) checkNoCache(o *operation, d *device, backing *blockdev.Device, a control.CreateArgs) error {
	what, err := backing.Content()
	if err != nil || what != blockdev.OwnCache {
		return err
	}
	by, err := whose.TakenBy(backing)
	switch {
	case err != nil:
		return err
	case by == "":
		return control.Errorf(control.HasContent, "%s is formatted as a cache and cannot be a backing; `lc wipe-cache %s` makes it an empty disk, if the cache is not needed", d.path, d.path)
	}
	text := whose.Taken(d.path, by)
	if super, err := logcache.ReadSuper(backing); err == nil && !slices.Contains(a.SkipDisks, a.Path) {
		if left := claimsOn(backing, super); len(left) > 0 {
			return errOverRemains(text, left, a)
		}
	}
	o.warn("%s", text)
	return nil
}

// errOverRemains is that a log was left behind on a disk that is to be a backing.
func errOverRemains(text string, left []claim, a control.CreateArgs) error {
	var all, ways []string
	for i := range left {
		all = append(all, left[i].String())
		ways = append(ways, fmt.Sprintf("`%s --to FILE`", left[i].replay(forced)))
	}
	return control.Errorf(control.HasContent, "%s, and what is left of its log holds data of %s, over which device %d would write. %s saves that; `lc create %s %d %s --skip-disk %s` goes on without it",
		text, strings.Join(all, ", and of "), a.ID, strings.Join(ways, ", "), a.Name, a.ID, a.Path, a.Path)
}

// forced lets a replay write to what is not, or not for certain, the claim's disk
// as it was left, such as a file.
const forced = " --force-binding"

// replay names the command that brings a claim's data to wherever it is told,
// without its end. With what is the claim's own disk it goes without force: that
// may have been written to since, and have what is newer.
func (c *claim) replay(force string) string {
	skip := ""
	if c.damaged {
		skip = " --skip-damage"
	}
	if c.stale != "" {
		skip += " --accept-stale"
	}
	return fmt.Sprintf("lc replay %s --device %d%s%s", c.log, c.binding.ID, force, skip)
}

// remainsFor is that what is left of a log on another program's disk has data
// of this one: it cannot be resumed any more.
func (c *claim) remainsFor(d *whose.Disk) error {
	old := ""
	if c.stale != "" {
		old = fmt.Sprintf(". It is an old copy: %s", c.stale)
	}
	return control.Errorf(control.Mismatch, "%s, and what is left of its log holds data for %s as %s%s. `%s --to %s` brings that to it, and then `lc create %s %d %s --skip-disk %s` goes on without asking what is left; without the first, that data is given up, as it has to be if %s went on without it",
		whose.Taken(c.log, c.now), d.Path, c, old, c.replay(""), d.Path, d.Name, d.ID, d.Path, c.log, d.Path)
}
