package sim

import (
	"io"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// This file recovers images by the package segment alone, without a host: it
// is some ten times as fast, so most crash states are looked at this way.
// Every few states [checker.try] does all that a resume does.

// fullEvery is how many states are recovered lightly for one that is not.
const fullEvery = 16

// imageReader reads an image of the cache device.
type imageReader struct {
	d   *disk
	img []sid
}

// ReadAt reads whole sectors.
func (r imageReader) ReadAt(b []byte, off int64) (int, error) {
	if uint64(off)+uint64(len(b)) > r.d.bytes() || (int(off)|len(b))%sectorSize != 0 {
		return 0, io.ErrUnexpectedEOF
	}
	for i := range len(b) / sectorSize {
		copy(b[i*sectorSize:(i+1)*sectorSize], r.d.st.get(r.img[r.d.fold(int(off/sectorSize)+i)]))
	}
	return len(b), nil
}

// look recovers images and checks all that must hold, lightly or fully.
func (c *checker) look(m *images) {
	c.tick++
	if c.tick%fullEvery == 0 {
		c.try(m)
		return
	}
	c.w.o.betweenBatches(c.s.st, m)
	c.replay(m)
	c.out.point = c.w.o.recovered(c.out.vols)
}

// replay recovers the log and finds out what each sector would read as.
func (c *checker) replay(m *images) {
	s, err := segment.NewestSuper(c.superblocks(m))
	if err != nil {
		fail("recovery", "%v", err)
	}
	r := imageReader{c.s.cache, m.disk[0]}
	c.placed = c.placed[:0]
	given, seen := s.GivenUp(), witness.NewCollector(s)
	rec, err := segment.Recover(r, s, func(r *segment.Record) {
		seen.Add(r)
		first := len(c.placed)
		c.placed = r.AppendPlaced(c.placed, s.Geometry)
		kept := slices.DeleteFunc(c.placed[first:], func(p segment.Placed) bool { return given.Covers(p.Device, r.Seq) })
		c.placed = c.placed[:first+len(kept)]
	})
	if err != nil {
		fail("recovery", "%v", err)
	}
	c.out.last = rec.LastSeq
	c.witnessed(s, seen, m)
	for i := range c.s.backing {
		c.replaySide(s, i)
		copy(c.spare.disk[i+1], m.disk[i+1])
	}
	for _, p := range c.placed {
		n := c.s.number(block.Dev(p.Device))
		if !p.Kind.Replayable() || p.LBA+uint64(p.Sectors) > uint64(len(m.disk[n])) {
			fail("P2", "the log holds an extent that nobody wrote: %+v", p)
		}
		to := c.spare.disk[n][p.LBA:][:p.Sectors]
		if p.Kind.HasPayload() {
			copy(to, m.disk[0][c.s.cache.fold(int(p.At)):])
		} else {
			clear(to)
		}
	}
	for i := range c.out.vols {
		for lba, id := range c.spare.disk[i+1] {
			l, ok := c.s.st.labelOf(id)
			c.out.vols[i].version[lba] = c.w.o.known("P2", uint8(i+1), uint64(lba), l, ok)
		}
	}
}

// replaySide checks that volume i is bound if and only if it should be.
func (c *checker) replaySide(s *segment.Super, i int) {
	b := s.Binding(c.w.id(i))
	on := b != nil && b.State == segment.Attached
	dirty := uint64(0)
	for _, p := range c.placed {
		if p.Device == c.w.id(i) {
			dirty++
		}
	}
	c.w.checkSide(i, on, dirty)
	c.out.vols[i].gone = !on && c.w.giving[i]
}
