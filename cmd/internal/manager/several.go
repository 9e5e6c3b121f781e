package manager

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
)

// likeliest finds a disk's own data among all that may be it: that of which
// anything tells, if there is such. What one log has under several ids is of as
// many disks, of which the others but look like this one: clones, or disks with a
// partition table of one kind. There, what the host says goes before what is
// written on a disk, and all of that before a part of it; then only the id tells,
// and byID says so.
func likeliest(d *whose.Disk, owned []*claim) (left []*claim, byID bool) {
	left = alikest(d, owned, partly)
	if !oneLog(left) {
		return left, false
	}
	left = alikest(d, left, identified)
	if len(left) < 2 || left[0].likeness(d) == identified {
		return left, false
	}
	if i := slices.IndexFunc(left, func(c *claim) bool { return c.binding.ID == d.ID }); i >= 0 {
		return left[i : i+1], true
	}
	return left, false
}

// What tells that a disk is a claim's.
const (
	nothing = iota // but the claim's id or name
	partly
	wholly
	identified // the host does
)

// likeness is how much tells that a disk is the claim's.
func (c *claim) likeness(d *whose.Disk) int {
	switch {
	case d.Identity(&c.binding) == whose.Same:
		return identified
	case c.content == whose.Same:
		return wholly
	case c.content == whose.Changed:
		return partly
	}
	return nothing
}

// alikest leaves out the claims whose disk one is less like than another's, up to
// where it is like enough.
func alikest(d *whose.Disk, owned []*claim, enough int) []*claim {
	best := nothing
	for _, c := range owned {
		best = max(best, c.likeness(d))
	}
	return slices.DeleteFunc(slices.Clone(owned), func(c *claim) bool { return c.likeness(d) < min(best, enough) })
}

// oneLog tells whether several claims are of one log.
func oneLog(all []*claim) bool {
	return len(all) > 1 && !slices.ContainsFunc(all, func(c *claim) bool { return !c.sameLog(all[0]) })
}

func (c *claim) sameLog(as *claim) bool { return c.log == as.log && c.cache == as.cache }

// errSeveral is that several claims may be a disk's own.
func errSeveral(d *whose.Disk, owned []*claim) error {
	if oneLog(owned) && owned[0].likeness(d) < identified {
		return errAlike(d, owned)
	}
	var all, ways []string
	for _, c := range owned {
		all = append(all, fmt.Sprintf("%s as %s", strings.TrimSuffix(c.holder(), ","), c))
		ways = append(ways, c.giveUp())
	}
	return control.Errorf(control.Mismatch, "data for %s is in more than one place: %s; nothing tells which is the newest. `lc replay CACHE-DEVICE --device ID --dry-run` shows what is where; then, for what is out of date: %s%s",
		d.Path, strings.Join(all, ", and "), strings.Join(ways, "; or "), orOthers(d, owned))
}

// errAlike is about a disk that looks like several of which one log holds data,
// and has the id of none.
func errAlike(d *whose.Disk, owned []*claim) error {
	var all, ways []string
	for _, c := range owned {
		all, ways = append(all, c.String()), append(ways, c.create(d.Name, d.Path))
	}
	return control.Errorf(control.Mismatch, "%s may be the disk of %s, for which %s holds data: nothing tells which, for those look alike. Create it with the id that it had: %s%s",
		d.Path, strings.Join(all, ", or of "), strings.TrimSuffix(owned[0].holder(), ","), strings.Join(ways, "; or "), orOthers(d, owned))
}

// orOthers is the way out if some of the data is of disks that look like this
// one, where that word counts; else "".
func orOthers(d *whose.Disk, owned []*claim) string {
	for _, c := range owned {
		if way := c.orOther(d); way != "" {
			return way
		}
	}
	return ""
}
