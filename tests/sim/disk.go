package sim

import (
	"github.com/ublk-lc/ublk-lc/segment"
)

// superSectors is how much of each superblock copy a simulated cache device
// keeps; what the format reserves behind it reads as zeroes.
const superSectors = 32

// pending is a write that is not durable. It may be lost, whole or in part.
type pending struct {
	at   int // sector of the folded image
	ids  []sid
	unit int // sectors that land together: a block, but of a cache device one, for harder tears
	when int // number of its completion; 0 = under way
}

// disk is a simulated device with a volatile write cache.
type disk struct {
	st      *store
	cache   bool  // a cache device: the unused room of the superblocks is folded away
	block   int   // logical block, in sectors
	wrecks  int   // physical block, in sectors, of a disk that may lose all of it in a power cut; 0 = none
	durable []sid // what a power cut leaves if it loses all it may
	visible []sid // what a read returns
	done    []*pending
	flying  []*pending
	clock   int // completions so far
	forgot  bool
}

// newDisk makes a disk of so many sectors and blocks of so many bytes. The sectors
// of a cache device count from the log's start.
func newDisk(st *store, cache bool, sectors int, block uint32) *disk {
	if cache {
		sectors += 2 * superSectors
	}
	return &disk{st: st, cache: cache, block: int(block / sectorSize), durable: make([]sid, sectors), visible: make([]sid, sectors)}
}

// bytes is the size of the device as its user sees it.
func (d *disk) bytes() uint64 {
	if d.cache {
		return segment.LogOffset + uint64(len(d.durable)-2*superSectors)*sectorSize
	}
	return uint64(len(d.durable)) * sectorSize
}

// fold is where a sector lies in the images; -1 is reserved room.
func (d *disk) fold(sector int) int {
	const half, log = segment.SuperSpace / sectorSize, segment.LogOffset / sectorSize
	switch {
	case !d.cache:
		return sector
	case sector >= log:
		return sector - log + 2*superSectors
	case sector >= half && sector < half+superSectors:
		return sector - half + superSectors
	case sector < superSectors:
		return sector
	}
	return -1
}

// read copies what is visible.
func (d *disk) read(buf []byte, off int64) {
	for at := int(off / sectorSize); len(buf) > 0; at++ {
		id := sid(0)
		if i := d.fold(at); i >= 0 {
			id = d.visible[i]
		}
		copy(buf[:sectorSize], d.st.get(id))
		buf = buf[sectorSize:]
	}
}

// begin takes a write in. Its content is what buf holds now, or zeroes if that
// is nil.
func (d *disk) begin(buf []byte, off, length int64) *pending {
	n := int(length / sectorSize)
	p := &pending{at: -1, ids: make([]sid, 0, n), unit: d.unit()}
	for first, i := int(off/sectorSize), 0; i < n; i++ {
		at, id := d.fold(first+i), sid(0)
		if buf != nil {
			id = d.st.put(buf[i*sectorSize : (i+1)*sectorSize])
		}
		switch {
		case at < 0 && id == 0:
			continue // it may be wiped
		case at < 0 || at >= len(d.durable):
			fail("P8", "write of %d bytes at byte %d reaches outside of superblock and log", length, off)
		case p.at < 0:
			p.at = at
		}
		p.ids = append(p.ids, id)
	}
	p.at = max(p.at, 0)
	d.flying = append(d.flying, p)
	return p
}

// unit is how many sectors of a write land together, or do not. Nobody is asked
// whether a cache device keeps its blocks whole.
func (d *disk) unit() int {
	if d.cache {
		return 1
	}
	return d.block
}

// finish completes a write: reads see it, and the next flush covers it.
func (d *disk) finish(p *pending) {
	d.drop(p)
	d.clock++
	p.when = d.clock
	copy(d.visible[p.at:], p.ids)
	d.done = append(d.done, p)
}

// drop takes a write out of those under way.
func (d *disk) drop(p *pending) {
	for i, q := range d.flying {
		if q == p {
			d.flying = append(d.flying[:i], d.flying[i+1:]...)
			return
		}
	}
}

// flush makes the writes durable that had completed at time cut.
func (d *disk) flush(cut int) {
	n := 0
	for ; n < len(d.done) && d.done[n].when <= cut; n++ {
		copy(d.durable[d.done[n].at:], d.done[n].ids)
	}
	d.done = d.done[:copy(d.done, d.done[n:])]
}

// forget is what a failed flush may do: writes completed at time cut are
// taken for clean, and no later flush will save them. Reads show them until the
// server is gone.
func (d *disk) forget(cut int) {
	d.forgot = true
	n := 0
	for ; n < len(d.done) && d.done[n].when <= cut; n++ {
	}
	d.done = d.done[:copy(d.done, d.done[n:])]
}

// restore makes img the medium's content, with nothing unflushed: power is back.
func (d *disk) restore(img []sid) {
	copy(d.durable, img)
	copy(d.visible, img)
	d.done, d.flying, d.forgot = d.done[:0], d.flying[:0], false
}

// putBackLog makes the log what it was in img, superblocks apart.
func (d *disk) putBackLog(img []sid) {
	copy(d.durable[2*superSectors:], img[2*superSectors:])
	copy(d.visible[2*superSectors:], img[2*superSectors:])
}

// reset makes reads show what a device has after it was reset: nothing of what
// a failed flush has lost.
func (d *disk) reset() {
	copy(d.visible, d.durable)
	for _, p := range d.done {
		copy(d.visible[p.at:], p.ids)
	}
	d.forgot = false
}

// hash adds the image to a state's hash.
func (d *disk) hash(h uint64, img []sid) uint64 {
	for i, id := range img {
		if id != 0 {
			h += mix(d.st.hashes[id] + uint64(i)*0x9e3779b97f4a7c15)
		}
	}
	return mix(h + uint64(len(img)))
}
