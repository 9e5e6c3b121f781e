package sim

import (
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// This file holds every backing against its witness (P8): when it is attached,
// and, with whatever superblock and log have survived, at every crash point. No
// disk of an honest run is ever found to be changed. See tamper.go for the others.

// visible is a disk as its readers see it.
type visible struct{ d *disk }

// Sector reads one.
func (v visible) Sector(lba uint64) ([]byte, error) {
	return v.d.sector(v.d.visible, lba)
}

// sector is one of an image of the disk.
func (d *disk) sector(img []sid, lba uint64) ([]byte, error) {
	if (lba+1)*sectorSize > d.bytes() {
		return nil, errIO
	}
	if i := d.fold(int(lba)); i >= 0 {
		return d.st.get(img[i]), nil
	}
	return d.st.get(0), nil
}

// inImage is a disk as an image has it.
type inImage struct {
	d   *disk
	img []sid
}

// Sector reads one.
func (i inImage) Sector(lba uint64) ([]byte, error) { return i.d.sector(i.img, lba) }

// examine looks at the disk of a volume that is about to be attached.
func (h *host) examine(v *logcache.Volume, b *segment.Binding) *logcache.Evidence {
	e, err := h.cache.Examine(v, b, visible{h.s.disk(block.Dev(v.ID))}, visible{h.s.cache})
	if err != nil {
		fail("P8", "%v", err)
	}
	return e
}

// unchanged wants the disk of a volume to be taken for its own.
func (h *host) unchanged(v *logcache.Volume, b *segment.Binding) *logcache.Evidence {
	e := h.examine(v, b)
	if seen := e.Changed(); seen != nil {
		fail("P8", "the disk of device %d is refused, although it is its own: %v", v.ID, seen)
	}
	return e
}

// refuses tells whether the disk of a volume is taken for another one, or for one
// that was changed.
func (h *host) refuses(v *logcache.Volume, b *segment.Binding) bool {
	v.Freeze()
	return h.examine(v, b).Changed() != nil
}

// witnessed wants the backings of an image to be as its superblock and log say.
func (c *checker) witnessed(s *segment.Super, seen *witness.Collector, m *images) {
	for i := range s.Bindings {
		b := &s.Bindings[i]
		if b.Witness == nil || b.State != segment.Attached {
			continue
		}
		n := c.s.number(block.Dev(b.ID))
		d := c.s.backing[n-1]
		v := witness.Judge(b.Witness, inImage{d, m.disk[n]}, seen.Versions(b.ID), inImage{c.s.cache, m.disk[0]})
		if v.Changed() || v.Unjudged > 0 {
			fail("P8", "the disk of device %d is not as its witness and the log say: %v", b.ID, &v)
		}
	}
}

// looksLikeSuper tells whether a sector that a request wrote is one that
// migration takes for a superblock.
func (l label) looksLikeSuper() bool { return l.op%4 == 1 && l.lba%16 == 7 }

// superMagic is what it has then, at superMagicAt: that of btrfs.
const (
	superMagic   = "_BHRfS_M"
	superMagicAt = 64
)
