package manager

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// overlapping are a disk and a part of it, or the part and the disk.
func overlapping(t *testing.T, flip bool) (bound, other string) {
	t.Helper()
	image := filled(t, "its content")
	whole, part := kit.LoopDevice(t, image), kit.LoopDevice(t, image, "--offset", "1048576")
	if flip {
		return part, whole
	}
	return whole, part
}

// Data of a disk is not to be found by its parts, nor data of a part by the
// whole: neither is shown without it.
func TestP8PartsAndWholes(t *testing.T) {
	for name, flip := range map[string]bool{"a part of the disk": false, "the disk of a part": true} {
		t.Run(name, func(t *testing.T) {
			bound, other := overlapping(t, flip)
			m := newManager(t)
			cache := formatted(t)
			m.mustResume(t, 3, cache)
			m.mustCreate(t, "myLV", 5, bound)
			m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
			m.write(t, 5)
			m = m.again(t)
			refused(t, m, control.Mismatch, "`lc resume ID "+cache+"`, and then `lc create myLV 5", m.creating(t, "part", 6, other))
			record := m.record
			m.record = ""
			m.mustCreate(t, "part", 6, other)
			refused(t, m, control.Mismatch, "`lc remove 6` first", m.resuming(t, 3, cache))
			m.mustRemove(t, 6)
			m.record = record
			m.mustResume(t, 3, cache)
			refused(t, m, control.Mismatch, "for which cache 3 holds data", m.creating(t, "part", 6, other))
			m.mustCreate(t, "myLV", 5, bound)
			m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
		})
	}
}

// A disk of which the host says another thing than it did is known by its content
// as well where a part of it is asked about.
func TestP8RenamedWhole(t *testing.T) {
	image := filled(t, "its content")
	whole, part := kit.LoopDevice(t, image), kit.LoopDevice(t, image, "--offset", "1048576")
	m, cache := dirtied(t, whose.Describe, whole)
	m.describe = func(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
		d, err := unknown(dev, id, name)
		if err == nil {
			d.Prints = []uint64{77}
		}
		return d, err
	}
	m.knownBy = func(uint64) (string, error) { return "", nil }
	m.mustResume(t, 3, cache)
	refused(t, m, control.Mismatch, "is a part of "+image+", the disk of device 5", m.creating(t, "part", 6, part))
	m.knownBy = func(uint64) (string, error) { return "/dev/elsewhere", nil }
	m.mustCreate(t, "part", 6, part)
}

// unknown has the host know neither a disk nor what shares sectors with it by
// anything, as with most disks of virtual machines.
func unknown(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
	d, err := nameless(dev, id, name)
	if err == nil {
		for i := range d.Overlaps {
			d.Overlaps[i].Fingerprints = nil
		}
	}
	return d, err
}

// A disk that was written to is not a part of another way to itself.
func TestP8ChangedBelowAnotherDevice(t *testing.T) {
	backing := kit.LoopDevice(t, kit.LoopDevice(t, filled(t, "its content")))
	m, cache := dirtied(t, unknown, backing)
	mounted(t, backing)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
}

// So it is if the host knows none of them by an identity: the whole, or the part,
// is known by its content. That it is another disk is the administrator's word.
func TestP8NamelessPartsAndWholes(t *testing.T) {
	for name, flip := range map[string]bool{"a part of the disk": false, "the disk of a part": true} {
		t.Run(name, func(t *testing.T) {
			bound, other := overlapping(t, flip)
			m, cache := dirtied(t, unknown, bound)
			create := func(distinct bool) error {
				_, err := m.Create(t.Context(), control.CreateArgs{Name: "part", ID: 6, Path: other, OtherDisk: distinct}, quiet)
				return err
			}
			refused(t, m, control.Mismatch, "`lc resume ID "+cache+"`, and then `lc create myLV 5", func() error { return create(false) })
			refused(t, m, control.Mismatch, "`lc create part 6 "+other+" --other-disk`", func() error { return create(false) })
			record := m.record
			m.record = ""
			m.mustCreate(t, "part", 6, other)
			refused(t, m, control.Mismatch, "`lc remove 6` first", m.resuming(t, 3, cache))
			m.mustRemove(t, 6)
			m.record = record
			m.mustResume(t, 3, cache)
			refused(t, m, control.Mismatch, "for which cache 3 holds data", func() error { return create(false) })
			if err := create(true); err != nil {
				t.Error(err)
			}
		})
	}
}
