package migrate

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// This file brings a part of a backing's logical block to it. Nothing that is
// logged now is less than a block, but logs of format version 1 hold parts of
// blocks of 4096 bytes, which may be in two batches; and where a part of the log
// is damaged and left out, a part of a block may be what is left.
//
// The disk takes whole blocks only, so the rest of the block is read from it
// first. No user can change it meanwhile: as long as the log has a part of a
// block, no write of it goes past the log.

// maxPatching is how many such blocks are under way at most; it bounds the memory.
const maxPatching = 64

// patch is a block of which the batch has parts.
type patch struct {
	dev     uint8
	lba     uint64 // its first sector
	sectors uint32 // of the block
	covered uint32 // by the parts
	parts   []part
}

// part is what the batch has of a block: data, or zeroes if that is nil.
type part struct {
	first, sectors uint32
	data           []byte
}

// patches are those of a batch, and the memory of those under way.
type patches struct {
	list   []patch
	memory []byte
	free   [][]byte

	dev   uint8 // whose blocks were asked for last
	block uint32
}

const patchBytes = 4096 // the largest block

// begin forgets the patches of the last batch.
func (s *patches) begin() { s.list, s.dev, s.block = s.list[:0], 0, 1 }

// reserve sees to it that there is memory for those under way, if there are any.
func (s *patches) reserve() error {
	if len(s.list) == 0 {
		return nil
	}
	if s.memory == nil {
		buf, err := mem.Alloc(maxPatching * patchBytes)
		if err != nil {
			return err
		}
		s.memory = buf
	}
	s.free = s.free[:0]
	for i := range maxPatching {
		s.free = append(s.free, s.memory[i*patchBytes:(i+1)*patchBytes])
	}
	return nil
}

// split gives the whole blocks of a version to put, and its ends, where they are
// parts of blocks, to the patches.
func (m *Migrator) split(v version, put func(version), end func()) {
	s := &m.patches
	if v.Device != s.dev {
		s.dev, s.block = v.Device, m.src.BlockSectors(v.Device)
	}
	bs := uint64(s.block)
	if (v.LBA|uint64(v.Sectors))&(bs-1) == 0 {
		put(v)
		return
	}
	from, to := (v.LBA+bs-1)/bs*bs, v.end()/bs*bs
	if from > to { // all of it lies within a block
		from, to = v.end(), v.end()
	}
	for _, c := range [3]struct {
		from, to uint64
		whole    bool
	}{{v.LBA, from, false}, {from, to, true}, {to, v.end(), false}} {
		switch {
		case c.from == c.to:
		case c.whole:
			put(v.cut(c.from, c.to))
		default:
			end()
			m.patch(v.cut(c.from, c.to))
		}
	}
}

// patch adds a part of a block to its patch. Parts come by rising addresses.
func (m *Migrator) patch(v version) {
	s := &m.patches
	base := v.LBA &^ uint64(s.block-1)
	n := len(s.list)
	if n == 0 || s.list[n-1].dev != v.Device || s.list[n-1].lba != base {
		s.list = append(s.list, patch{dev: v.Device, lba: base, sectors: s.block})
		n++
	}
	p := part{first: uint32(v.LBA - base), sectors: v.Sectors}
	if v.data != nil {
		from := m.staged
		m.staged += copy(m.staging[from:], v.data)
		p.data = m.staging[from:m.staged]
	}
	m.src.Writing(v.Extent, p.data)
	m.writesTo(block.Dev(v.Device))
	to := &s.list[n-1]
	to.parts = append(to.parts, p)
	to.covered += v.Sectors
}

// addPatches makes an operation of each patch. It has no memory yet.
func (m *Migrator) addPatches() error {
	if err := m.patches.reserve(); err != nil {
		return err
	}
	for i := range m.patches.list {
		p := &m.patches.list[i]
		kind := block.Read
		if p.covered == p.sectors {
			kind = block.Write
		}
		m.add(kind, block.Dev(p.dev), int64(p.lba)*segment.SectorSize, nil).Tag = uint32(i + 1)
		m.status.Writes++
		m.status.Bytes += uint64(p.sectors) * segment.SectorSize
	}
	return nil
}

// waits tells whether a patch has to wait for memory.
func (s *patches) waits(op *block.Op) bool {
	return op.Tag != 0 && op.Buf == nil && len(s.free) == 0
}

// equip gives a patch that starts its memory.
func (s *patches) equip(op *block.Op) {
	if op.Tag == 0 || op.Buf != nil {
		return
	}
	p := &s.list[op.Tag-1]
	n := len(s.free)
	op.Buf, s.free = s.free[n-1][:p.sectors*segment.SectorSize], s.free[:n-1]
	if op.Kind == block.Write {
		p.apply(op.Buf)
	}
}

// apply puts the parts over what the block holds.
func (p *patch) apply(block []byte) {
	for _, part := range p.parts {
		to := block[part.first*segment.SectorSize:][:part.sectors*segment.SectorSize]
		if part.data == nil {
			clear(to)
		} else {
			copy(to, part.data)
		}
	}
}

// patched goes on with a patch one of whose operations has succeeded, and tells
// whether there is more to do.
func (m *Migrator) patched(op *block.Op) (more bool) {
	s := &m.patches
	if op.Kind == block.Write {
		s.free = append(s.free, op.Buf[:patchBytes:patchBytes])
		return false
	}
	s.list[op.Tag-1].apply(op.Buf)
	op.Kind = block.Write
	m.pending = append(m.pending, op)
	return true
}
