package sim

import (
	"encoding/binary"

	"github.com/ublk-lc/ublk-lc/segment"
)

// This file lets a copy of the superblock go bad that was good: a sector cannot
// be read any more, or says something else. No device is asked to keep what it
// has for ever, so the format has two copies. The oracle asks as much as ever.
//
// That is tried at every crash point, with either copy. With [Options.Rot] the
// run goes on from there.

// superblocks are both copies as an image has them. They are valid until the
// next call.
func (c *checker) superblocks(m *images) (a, b []byte) {
	r := imageReader{c.s.cache, m.disk[0]}
	for i := range c.super {
		if c.super[i] == nil {
			c.super[i] = make([]byte, superSectors*sectorSize)
		}
		if _, err := r.ReadAt(c.super[i], int64(i)*segment.SuperSpace); err != nil {
			fail("sim", "read superblock: %v", err)
		}
	}
	return c.super[0], c.super[1]
}

// spoil makes one of two good copies of the superblock bad, and tells whether
// there were two. A power cut in the middle of an update leaves one, and that
// is all there is. Any bit of it may go bad; every other time it is one of the
// fields that each superblock has.
func (c *checker) spoil(m *images, which int) bool {
	a, b := c.superblocks(m)
	_, errA := segment.DecodeSuper(a)
	_, errB := segment.DecodeSuper(b)
	if errA != nil || errB != nil {
		return false
	}
	bad := c.super[which]
	length := sectorSize
	if c.rotten.IntN(2) == 0 {
		length = int(binary.LittleEndian.Uint32(bad[16:]))
	}
	at := c.rotten.IntN(length)
	bad[at] ^= 1 << c.rotten.IntN(8)
	sector := at / sectorSize
	m.disk[0][which*superSectors+sector] = c.s.st.put(bad[sector*sectorSize:][:sectorSize])
	return true
}

// rot calls look for images of which one copy of the superblock has gone bad,
// first this one, then that.
func (c *checker) rot(m *images, look func()) {
	for which := range c.super {
		at := m.disk[0][which*superSectors:][:superSectors]
		good := [superSectors]sid(at)
		if c.spoil(m, which) {
			look()
			copy(at, good[:])
		}
	}
}
