package whose

import (
	"slices"
	"strings"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Find looks for the disk of a binding among some, and says how it is compared
// to what the log knows: a part of a sentence. "" means that it is not there,
// or nobody can tell. One that has its identity goes before one that has its
// content, and that before one that has some of it. Of those that have its
// content, the path names each.
func Find(paths []string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) (path, state string) {
	best, alike := none, []string{}
	for _, p := range paths {
		switch is, how := match(p, b, versions, log); {
		case how > best:
			path, state, best, alike = p, is, how, []string{p}
		case how == best && how == inContent:
			alike = append(alike, p)
		}
	}
	if len(alike) > 1 {
		path = "one of " + strings.Join(alike, " and ") + ", which nothing tells apart"
	}
	return path, state
}

// likeness is by what a disk is taken for the one of a binding.
type likeness int

const (
	none likeness = iota
	inPart
	inContent
	inIdentity
)

// match is how a disk is, if it is the one of a binding, and by what it is taken
// for that.
func match(path string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) (state string, how likeness) {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return "", none
	}
	defer dev.Close()
	d, err := Describe(dev, b.ID, b.Name)
	if err != nil {
		return "", none
	}
	identity := d.Identity(b)
	if identity != Same && d.Sectors < b.Sectors {
		return "", none
	}
	content, verdict, err := Content(dev, b.Witness, versions, log)
	switch {
	case err != nil:
		return "", none
	case identity == Same:
		how = inIdentity
	case content == Same:
		how = inContent
	case content == Changed && identity != Other:
		how = inPart
	default:
		return "", none
	}
	switch {
	case verdict != nil && verdict.Changed():
		return "was written to since, or is out of date: " + verdict.String(), how
	case content == Same:
		return "has nothing on it that was not written through the cache", how
	}
	return "is older than this data, unless that was replayed to it, or it was written to since", how
}

// Original names the disk of this host that has the identity of a binding, if
// that is not d; "" if there is none. What d and another disk are both known by
// tells neither from the other. knownBy finds a disk by its fingerprint.
func (d *Disk) Original(b *segment.Binding, knownBy func(fingerprint uint64) (string, error)) (string, error) {
	if b.Fingerprint == 0 || d.Identity(b) == Same || slices.Contains(d.Doubled, b.Fingerprint) {
		return "", nil
	}
	return knownBy(b.Fingerprint)
}
