package manager

import (
	"fmt"
	"slices"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// seek looks for the claim's disk by its identity, if the one that is asked
// about, or what shares sectors with it, may be it by anything else: that is a
// copy then, or another disk.
func (c *claim) seek(d *whose.Disk, knownBy func(fingerprint uint64) (string, error)) (err error) {
	if c.served == "" && (c.around != nil || d.Kin(&c.binding, c.content, whose.Away) != whose.Unrelated) {
		c.original, err = d.Original(&c.binding, knownBy)
	}
	return err
}

// hunt looks for the claim's disk: whether it is the one that is asked about, and
// whether it is elsewhere.
func (c *claim) hunt(d *whose.Disk, disk *blockdev.Device, knownBy func(fingerprint uint64) (string, error)) error {
	if err := c.look(d, disk); err != nil {
		return err
	}
	return c.seek(d, knownBy)
}

// place is where the claim's disk is, as far as it is not the one that is asked
// about.
func (c *claim) place() whose.Place {
	switch {
	case c.served != "":
		return whose.Served
	case c.original != "":
		return whose.Present
	}
	return whose.Away
}

// harmless tells whether a copy of a disk that a device of ours has may be
// shown without a word: the host says that it is another one, or it has less in
// common with that than two disks with a partition table of one kind.
func (c *claim) harmless(d *whose.Disk) bool {
	return c.served != "" && (d.Identity(&c.binding) == whose.Other || c.faint())
}

// faint tells whether a disk may have what it has in common with the claim's by
// chance.
func (c *claim) faint() bool { return c.content == whose.Changed && !c.verdict.Mostly() }

// take names the command that makes the claim's device of its disk, and what
// stands in its way.
func (c *claim) take(disk string) string {
	way := c.create(c.binding.Name, disk) + " takes that disk"
	switch {
	case c.now != "":
		return fmt.Sprintf("`%s --to %s` brings it there", c.replay(""), disk)
	case c.cache == 0:
		return fmt.Sprintf("`lc resume ID %s`, and then %s", c.log, way)
	}
	return way
}

// asAnother is the command that makes a device of a disk by the word that it is
// not the claim's: the id and the name of that are no other disk's.
func (c *claim) asAnother(d *whose.Disk) string {
	name, id, with := d.Name, itoa(d.ID), ""
	switch {
	case d.ID == c.binding.ID:
		name, id, with = "NAME", "ID", "with another name and id, "
	case d.Name == c.binding.Name:
		name, with = "NAME", "with another name, "
	}
	return fmt.Sprintf("%s`lc create %s %s %s --other-disk`", with, name, id, d.Path)
}

// errCopy is about a disk with the content of one that is on this host too.
func errCopy(d *whose.Disk, c *claim) error {
	asCopy := c.asAnother(d)
	if c.served != "" {
		return control.Errorf(control.Mismatch, "%s is a copy of the disk of %s, or that disk reached in another way: %s has it on %s already%s. If it is a copy, %s shows it as it is",
			d.Path, c, c.holder(), c.served, c.changed(), asCopy)
	}
	return control.Errorf(control.Mismatch, "%s holds data for %s as %s, and by its identity %s is that disk: %s is a copy of it%s. %s; %s shows the copy as it is",
		c.holder(), c.original, c, c.original, d.Path, c.changed(), c.take(c.original), asCopy)
}

// alone says that nothing but its content tells that a disk is the claim's.
func (c *claim) alone(d *whose.Disk) string {
	why := "the log knows that disk by no identity"
	switch b := &c.binding; {
	case b.Fingerprint == 0:
	case d.Nameless() != "":
		why = fmt.Sprintf("%s, and no other block device of this host has the identity of that one (fingerprint %016x)", d.Nameless(), b.Fingerprint)
	default:
		why = fmt.Sprintf("its identity (fingerprint %016x) is another than that one's (%016x), which no block device of this host has", d.Prints[0], b.Fingerprint)
	}
	return fmt.Sprintf("%s is known by its content alone as the disk of %s: %s", d.Path, c, why)
}

// guessedLocked tells whether a device waits for data of a disk that it knows
// by content alone.
func (m *Manager) guessedLocked(id uint8) bool {
	d := m.devices[id]
	return d != nil && d.waitsFor != 0 && d.byContent
}

// claimed is what a cache holds for the disk that waits for it; nil if that is
// nothing, or the host says that it is its own.
func (d *device) claimed(c *cache) *claim {
	for _, b := range c.host.Core().Bound() {
		if b.ID == d.id && c.host.Core().DirtyBlocks(b.ID) > 0 && d.backing.Identity(&b) != whose.Same {
			return &claim{log: c.path, cache: c.id, binding: b}
		}
	}
	return nil
}

// checkOriginal refuses the data that a cache holds to a disk that is not known
// by its identity, if the one that has that has come since create.
func (m *Manager) checkOriginal(d *device, of *claim) (err error) {
	if of == nil {
		return nil
	}
	if of.original, err = d.backing.Original(&of.binding, m.knownBy); err != nil || of.original == "" {
		return err
	}
	return control.Errorf(control.Mismatch, "%s holds data for %s as %s, and by its identity %s is that disk, and not %s: `lc remove %d`, and then %s",
		of.holder(), of.original, of, of.original, d.path, d.id, of.take(of.original))
}

// noteMove notes that a disk has a cache, and which other one the data is of
// that it got with that, if any: that one is to be known as out of date when it
// is seen again.
func (m *Manager) noteMove(o *operation, d *device, c *cache, of *claim) {
	id := c.host.Super().UUID
	m.keep(o, id, func() error {
		if err := m.record.Settle(d.backing.Prints); err != nil || of == nil || of.binding.Fingerprint == 0 {
			return err
		}
		was := seen.Disk{Device: of.binding.ID, Name: of.binding.Name, Fingerprint: of.binding.Fingerprint}
		return m.record.Move(id, seen.Moved{Disk: was, To: d.path})
	}, func(err error) {
		o.warn("%v; if the disk of that data comes back, nothing will tell that it went to %s", err, d.path)
	})
}

// moved warns of data that caches had of a disk, and that another disk got.
func (m *Manager) moved(o *operation, d *whose.Disk) {
	for _, c := range m.record.All() {
		for _, of := range c.Moved {
			if slices.Contains(d.Prints, of.Fingerprint) {
				o.warn("%s: cache %s had data of it as device %d (%s), and that went to %s, which had another identity or none: if that was a copy, what is shown here is without that data, and out of date. This is said until the disk is attached to a cache",
					d.Path, c.UUID, of.Device, control.Show(of.Name), of.To)
			}
		}
	}
}
