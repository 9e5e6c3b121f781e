package sim

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
)

const sectorSize = 512

// sid names a sector's content in a store. 0 is a sector of zeroes.
type sid uint32

// store holds each content once, so that images are arrays of small numbers:
// cheap to copy and to compare.
type store struct {
	chunks [][]byte
	hashes []uint64
	ids    map[uint64]sid
	labels []knownLabel
}

const chunkSectors = 1 << 10

// hashSeed is one for all stores, so that states of different runs compare.
var hashSeed = maphash.MakeSeed()

func newStore() *store {
	s := &store{}
	s.reset()
	return s
}

func (s *store) reset() {
	if s.ids == nil || len(s.ids) > 1<<14 {
		s.ids = make(map[uint64]sid)
	}
	clear(s.ids)
	s.hashes, s.labels = s.hashes[:0], s.labels[:0]
	var zero [sectorSize]byte
	s.put(zero[:])
}

func (s *store) get(id sid) []byte {
	o := int(id) % chunkSectors * sectorSize
	return s.chunks[id/chunkSectors][o : o+sectorSize]
}

// put returns the id of a content. Two contents of one hash would be mixed
// up, so that is looked at.
func (s *store) put(b []byte) sid {
	h := maphash.Bytes(hashSeed, b)
	if id, ok := s.ids[h]; ok {
		if !bytes.Equal(s.get(id), b) {
			panic("sim: two contents have one hash")
		}
		return id
	}
	id := sid(len(s.hashes))
	if int(id)/chunkSectors == len(s.chunks) {
		s.chunks = append(s.chunks, make([]byte, chunkSectors*sectorSize))
	}
	s.hashes = append(s.hashes, h)
	s.ids[h] = id
	copy(s.get(id), b)
	return id
}

// label is what a written sector says of itself. op 0 is a sector never written.
type label struct {
	vol uint8
	lba uint64
	op  uint32
}

const labelMagic = 0x6b6c62752d6d6973

func mix(x uint64) uint64 {
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>32
}

func (l label) key() uint64 { return mix(uint64(l.op)<<32 ^ l.lba<<8 ^ uint64(l.vol)) }

// fill writes the sector that l describes. All of it depends on l, so any
// mixture of two sectors is known as such.
func (l label) fill(b []byte) {
	le := binary.LittleEndian
	le.PutUint64(b, labelMagic)
	le.PutUint64(b[8:], uint64(l.op)<<8|uint64(l.vol))
	le.PutUint64(b[16:], l.lba)
	k := l.key()
	for i := 24; i < sectorSize; i += 8 {
		le.PutUint64(b[i:], k)
		k += 0x9e3779b97f4a7c15
	}
	if l.looksLikeSuper() {
		copy(b[superMagicAt:], superMagic)
	}
}

// readLabel tells who a sector says it is, and whether all of it agrees.
func readLabel(b []byte) (label, bool) {
	le := binary.LittleEndian
	if le.Uint64(b) != labelMagic {
		for _, x := range b {
			if x != 0 {
				return label{}, false
			}
		}
		return label{}, true
	}
	w := le.Uint64(b[8:])
	l := label{vol: uint8(w), op: uint32(w >> 8), lba: le.Uint64(b[16:])}
	k := l.key()
	for i := 24; i < sectorSize; i += 8 {
		if le.Uint64(b[i:]) != k && !(i == superMagicAt && l.looksLikeSuper() && string(b[i:i+8]) == superMagic) {
			return l, false
		}
		k += 0x9e3779b97f4a7c15
	}
	return l, true
}

// knownLabel is a label already read, or not.
type knownLabel struct {
	label
	ok, read bool
}

// labelOf reads the label of a content, once.
func (s *store) labelOf(id sid) (label, bool) {
	for int(id) >= len(s.labels) {
		s.labels = append(s.labels, knownLabel{})
	}
	k := &s.labels[id]
	if !k.read {
		k.label, k.ok = readLabel(s.get(id))
		k.read = true
	}
	return k.label, k.ok
}
