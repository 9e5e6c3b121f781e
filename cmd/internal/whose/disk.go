package whose

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// Disk is what the host says of a disk that is, or is to be, the backing of a
// device.
type Disk struct {
	ID      uint8  // of the device; 0 = it is not said
	Name    string // of the device
	Path    string
	Sectors uint64
	Prints  []uint64 // what the host knows it by, today's form first; nil if that is nothing, or the same as of another disk
	Twin    string   // the disk of which the host says the same, "" if there is none
	Doubled []uint64 // what the host knows both by

	Overlaps []blockdev.Overlap // what shares sectors with it
}

// Describe asks the host about a disk.
func Describe(dev *blockdev.Device, id uint8, name string) (*Disk, error) {
	d := &Disk{ID: id, Name: name, Path: dev.Path(), Sectors: dev.Size() / segment.SectorSize}
	var err error
	if d.Twin, err = dev.Doubled(); err != nil {
		return nil, err
	}
	if d.Overlaps, err = dev.Overlaps(); err != nil {
		return nil, err
	}
	if d.Twin == "" {
		d.Prints = dev.Fingerprints()
	} else {
		d.Doubled = dev.Fingerprints()
	}
	return d, nil
}

// Binding is the disk as a log binds it.
func (d *Disk) Binding() segment.Binding {
	b := segment.Binding{ID: d.ID, Name: d.Name, Sectors: d.Sectors}
	if len(d.Prints) > 0 {
		b.Fingerprint = d.Prints[0]
	}
	return b
}

// Nameless says why the host does not tell a disk from others, or "".
func (d *Disk) Nameless() string {
	switch {
	case d.Twin != "":
		return "the host says the same of it as of " + d.Twin + ", so that its identity tells nothing"
	case len(d.Prints) == 0:
		return "the host knows it by nothing (no WWN, serial number or UUID)"
	}
	return ""
}

// Standing is in a word what the host knows a disk by: something unique,
// something doubled, or none.
func (d *Disk) Standing() string {
	switch {
	case d.Twin != "":
		return "doubled"
	case len(d.Prints) == 0:
		return "none"
	}
	return "unique"
}

// Evidence is what a witness says of whether a disk is the one of a binding.
type Evidence int

// What a witness says.
const (
	Silent Evidence = iota
	Same
	Changed // of what is written on it: the same, and written to since, or set back
	Other
)

// Identity is what the host says.
func (d *Disk) Identity(b *segment.Binding) Evidence {
	switch {
	case b.Fingerprint == 0 || len(d.Prints) == 0:
		return Silent
	case slices.Contains(d.Prints, b.Fingerprint):
		return Same
	}
	return Other
}

// Shares is what, as the host says, is the disk of a binding and shares sectors
// with d, which is not that disk; nil if there is nothing.
func (d *Disk) Shares(b *segment.Binding) *blockdev.Overlap {
	if b.Fingerprint == 0 || d.Identity(b) == Same {
		return nil
	}
	i := slices.IndexFunc(d.Overlaps, func(o blockdev.Overlap) bool { return slices.Contains(o.Fingerprints, b.Fingerprint) })
	if i < 0 {
		return nil
	}
	return &d.Overlaps[i]
}

// Kinship is how a disk and the data that a log holds of a binding belong together.
type Kinship int

// The kinships.
const (
	Unrelated Kinship = iota
	Own               // the data is this disk's
	Perhaps           // nothing tells, and the device's id or its name say so
	Lookalike         // nothing tells, and nothing but the size says so, or not even that: it may have been resized
	Foreign           // the data is another disk's, and has the id or the name that this one was given
	Copy              // the data is another disk's, which is here, and this one has that disk's content
)

// Place is where the disk of some data is, as far as it is not the one that is
// asked about.
type Place int

// The places.
const (
	Away    Place = iota // it is not known to be here
	Present              // another disk of this host has its identity
	Served               // a device of ours has it
)

// Kin tells what the data of a binding is to a disk, if the disk of that data
// is at a place. While that is here, no other one is it by its content: it is a
// copy, or the same in another way. Either witness is enough to know a disk by,
// for an identity may change, and content is at times not there yet; where they
// contradict each other, a disk was changed, or came back under another
// identity. A disk that was written to without the log is no other one for
// that. A log of the earlier format has one witness only, which an update may
// change.
func (d *Disk) Kin(b *segment.Binding, content Evidence, at Place) Kinship {
	identity := d.Identity(b)
	named := b.ID == d.ID || b.Name == d.Name
	undecided := content == Silent && b.Sectors == d.Sectors && (identity == Silent || b.Witness == nil && !named)
	resized := identity == Silent && content == Silent && b.Sectors != d.Sectors
	alike := content == Same || content == Changed
	switch {
	case identity == Same || alike && at == Away:
		return Own
	case alike:
		return Copy
	case at == Present && named:
		return Foreign
	case at != Away:
		return Unrelated
	case (undecided || resized) && named:
		return Perhaps
	case undecided || resized:
		return Lookalike
	case named:
		return Foreign
	}
	return Unrelated
}

// Disowned tells whether the word that this is another disk counts against what
// says that it is the one of a binding: not against its identity, nor its id,
// and not against all of its content while the host does not contradict that as
// well.
func (d *Disk) Disowned(b *segment.Binding, content Evidence) bool {
	identity := d.Identity(b)
	return b.ID != d.ID && identity != Same && (content != Same || identity == Other)
}
