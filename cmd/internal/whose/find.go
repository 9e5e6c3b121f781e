package whose

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Find looks for the disk of a binding among some, and says how it is compared
// to what the log knows: a part of a sentence. "" means that it is not there,
// or nobody can tell. One that has its identity goes before one that has its
// content.
func Find(paths []string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) (path, state string) {
	for _, p := range paths {
		switch is, identity := match(p, b, versions, log); {
		case identity == Same:
			return p, is
		case is != "" && state == "":
			path, state = p, is
		}
	}
	return path, state
}

// match is how a disk is, if it is the one of a binding, and whether the host
// says so.
func match(path string, b *segment.Binding, versions *witness.Versions, log *blockdev.Device) (state string, identity Evidence) {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return "", Silent
	}
	defer dev.Close()
	d, err := Describe(dev, b.ID, b.Name)
	if err != nil {
		return "", Silent
	}
	identity = d.Identity(b)
	if identity != Same && d.Sectors < b.Sectors {
		return "", identity
	}
	content, verdict, err := Content(dev, b.Witness, versions, log)
	switch {
	case err != nil || identity != Same && content != Same && (content != Changed || identity == Other):
		return "", Silent
	case verdict != nil && verdict.Changed():
		return "was written to since, or is out of date: " + verdict.String(), identity
	case content == Same:
		return "has nothing on it that was not written through the cache", identity
	}
	return "is older than this data, unless that was replayed to it, or it was written to since", identity
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
