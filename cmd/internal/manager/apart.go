package manager

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
)

// apart leaves out the bindings of which a log holds no data; and it takes what
// a disk has in common with those of other claims for chance, where it is rather
// one's of which the log holds none, or another's. Disks that were partitioned or
// formatted alike, and the members of one volume group, have most of their
// first sectors in common. Among the disks of one log that is told by which it fits
// best; what two logs have may be of one disk all the same, which went on with the
// other while the one was away, and only the host tells that it is not.
func apart(d *whose.Disk, claims []claim) (kept []claim) {
	for _, c := range claims {
		if c.clean {
			continue
		}
		if c.inPart(d) && slices.ContainsFunc(claims, func(other claim) bool { return other.nearer(&c, d) }) {
			c.content = whose.Other
		}
		kept = append(kept, c)
	}
	return kept
}

// inPart tells whether a disk is a claim's by some of what is written on it, and
// by nothing else.
func (c *claim) inPart(d *whose.Disk) bool {
	return c.content == whose.Changed && d.Identity(&c.binding) != whose.Same
}

// nearer tells whether a disk is rather this claim's than one's that it is in
// part.
func (c *claim) nearer(other *claim, d *whose.Disk) bool {
	if !c.sameLog(other) {
		return d.Identity(&c.binding) == whose.Same && d.Identity(&other.binding) == whose.Other
	}
	return c.better(other, d)
}

// better tells whether a disk fits this claim better than one's that it is in part.
func (c *claim) better(other *claim, d *whose.Disk) bool {
	if !c.inPart(d) {
		return c.content == whose.Same || d.Identity(&c.binding) == whose.Same
	}
	if is, its := c.verdict.Differing(), other.verdict.Differing(); is != its {
		return is < its
	}
	return c.binding.ID == d.ID && other.binding.ID != d.ID
}

// fitsIn tells whether the disk of a device fits what its own cache knows of it
// better than a claim's that it is in part. To resume that one's log decides
// nothing: the next create of the disk looks at both.
func (m *Manager) fitsIn(d *device, cache uint8, c *claim) (bool, error) {
	all := m.resumedClaims()
	i := slices.IndexFunc(all, func(own claim) bool { return own.cache == cache && own.binding.ID == d.id })
	if i < 0 {
		return false, nil
	}
	own := &all[i]
	err := own.look(d.backing, d.host.Backing())
	return own.better(c, d.backing), err
}
