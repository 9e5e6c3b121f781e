package sim

import (
	"bytes"
	"math/rand/v2"
)

// This file has the logical blocks of disks: who asks for less than one, or for
// parts of several, has done wrong; and a block is of one version, in the log, on
// the backing and to who reads it.

// block is the logical block of volume i and of its backing, in bytes.
func (o *Options) block(i int) uint32 {
	if i < len(o.Blocks) && o.Blocks[i] != 0 {
		return o.Blocks[i]
	}
	return o.BlockSize // a cache serves no smaller ones
}

// grow makes all blocks larger. The log was written with small ones, like a log of
// format version 1, whose records cut blocks; so nobody asks whether those are
// whole, but the disks take no parts of them.
func (w *world) grow() {
	w.Blocks = nil
	for range w.Volumes {
		w.Blocks = append(w.Blocks, 4096)
	}
	for _, s := range []*devs{w.s, w.sides.s} {
		for _, d := range s.backing {
			d.block = 4096 / sectorSize
		}
	}
}

// wholeBlocks makes a range one of whole blocks, that a request and its volume
// have room for.
func (o *Options) wholeBlocks(vol int, lba uint64, n uint32) (uint64, uint32) {
	bs := uint64(o.block(vol) / sectorSize)
	end := min((lba+uint64(n)+bs-1)/bs*bs, uint64(o.Volumes[vol]))
	lba -= lba % bs
	return lba, min(uint32(end-lba), o.maxRequest())
}

// checkAligned wants an operation to be of whole blocks within the disk.
func (d *disk) checkAligned(what any, off, n int64) {
	if bs := int64(d.block) * sectorSize; off < 0 || uint64(off+n) > d.bytes() || (off|n)%bs != 0 {
		fail("P9", "%v of %d bytes at byte %d reaches past the end of the disk, or is not of whole blocks of %d bytes", what, n, off, bs)
	}
}

// oneVersion wants the sectors of each block of a volume to be of one version.
func (o *oracle) oneVersion(v *volume, what string, version func(lba int) int) {
	if v.block == 1 {
		return
	}
	for lba := range v.cells {
		if first := lba - lba%v.block; version(lba) != version(first) {
			fail("P2", "the block of sectors %d to %d of device %d %s is a mixture: sector %d has write %d, sector %d write %d", first, first+v.block-1, v.id,
				what, first, v.cells[first].v[version(first)].op, lba, v.cells[lba].v[version(lba)].op)
		}
	}
}

// wasReadWhole wants the blocks that a read has returned to be of one write each.
func (o *oracle) wasReadWhole(vol uint8, lba uint64, b []byte) {
	bs := o.vols[vol-1].block * sectorSize
	for at := 0; at < len(b) && bs > sectorSize; at += sectorSize {
		first, _ := readLabel(b[at/bs*bs:])
		if l, _ := readLabel(b[at:]); l.op != first.op {
			fail("P2", "a read of device %d got a mixture of writes %d and %d in the block of sector %d", vol, first.op, l.op, lba+uint64(at/sectorSize))
		}
	}
}

// wreck lets some of the physical blocks go bad that a write which was not flushed
// has a part of.
func (d *disk) wreck(r *rand.Rand, img []sid) {
	if d.wrecks == 0 {
		return
	}
	for _, list := range [2][]*pending{d.done, d.flying} {
		for _, p := range list {
			for _, at := range [2]int{p.at, p.at + len(p.ids) - 1} {
				lo := at - at%d.wrecks
				if hi := lo + d.wrecks; len(p.ids) > 0 && (lo < p.at || hi > p.at+len(p.ids)) && r.IntN(3) == 0 {
					for i := lo; i < hi; i++ {
						img[i] = d.st.put(garbage)
					}
				}
			}
		}
	}
}

// garbage is what nobody has written.
var garbage = bytes.Repeat([]byte{0xa5}, sectorSize)
