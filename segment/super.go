package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// These numbers are part of the on-disk format; they never change.
const (
	superMagic   = "ublk-lc\x00"
	superVersion = 1
	superFixed   = 512
	bindingSize  = 128
	labelSize    = 32
	nameSize     = 64

	flagClean = 1
)

// BindingState tells whether a bound backing is in use.
type BindingState uint8

// States of a binding. Part of the on-disk format.
const (
	Attached BindingState = 1
	Detached BindingState = 2
)

// Binding ties a device id of the log to the backing whose data it holds.
type Binding struct {
	ID          uint8 // 1 … 127
	State       BindingState
	UUID        [16]byte
	Sectors     uint64 // size of the backing
	Fingerprint uint64 // identity of the disk as the host tells it; 0 = it tells none
	Name        string // of the device, at most 64 bytes
}

// Super is the superblock.
type Super struct {
	Generation   uint64
	UUID         [16]byte
	Label        string // at most 32 bytes
	DeviceSize   uint64 // bytes
	Geometry     Geometry
	Nonce        uint64
	Epoch        uint64
	LastMigrated uint64 // segment id
	MigratedSeq  uint64
	DurableSeq   uint64
	Clean        bool
	Bindings     []Binding

	// Other is why the other copy is bad, or nil. It is not written.
	Other error
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Checksum is the CRC32C the format uses everywhere.
func Checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

var zeroField [4]byte // not a local, which would escape to the heap

// checksumSkipping is the checksum of b with the 4 bytes at off taken as 0.
func checksumSkipping(b []byte, off int) uint32 {
	c := crc32.Update(0, castagnoli, b[:off])
	c = crc32.Update(c, castagnoli, zeroField[:])
	return crc32.Update(c, castagnoli, b[off+4:])
}

// SuperOffset is where a superblock of this generation is written, in bytes.
func SuperOffset(generation uint64) int64 { return int64(generation%2) * SuperSpace }

// SuperSize is the length of the encoded superblock in bytes, padded to 4 KiB.
func (s *Super) SuperSize() int {
	return (superFixed + bindingSize*len(s.Bindings) + 4095) &^ 4095
}

// Binding finds the binding of a device id, or nil.
func (s *Super) Binding(id uint8) *Binding {
	for i := range s.Bindings {
		if s.Bindings[i].ID == id {
			return &s.Bindings[i]
		}
	}
	return nil
}

// AppendSuper appends the encoded superblock, padded with zeroes to a multiple of 4 KiB.
func AppendSuper(dst []byte, s *Super) []byte {
	if len(s.Bindings) > MaxDevices {
		panic("segment: more than 127 bindings")
	}
	start := len(dst)
	dst = append(dst, make([]byte, s.SuperSize())...)
	b := dst[start:]
	le := binary.LittleEndian
	copy(b, superMagic)
	le.PutUint32(b[8:], superVersion)
	length := superFixed + bindingSize*len(s.Bindings)
	le.PutUint32(b[16:], uint32(length))
	le.PutUint32(b[20:], uint32(len(s.Bindings)))
	le.PutUint64(b[24:], s.Generation)
	copy(b[32:48], s.UUID[:])
	putString(b[48:48+labelSize], s.Label)
	le.PutUint64(b[80:], s.DeviceSize)
	le.PutUint32(b[88:], s.Geometry.BlockSize)
	le.PutUint32(b[92:], s.Geometry.SegmentSize)
	le.PutUint64(b[96:], s.Geometry.Slots)
	le.PutUint64(b[104:], s.Geometry.LogOffset)
	le.PutUint64(b[112:], s.Nonce)
	le.PutUint64(b[120:], s.Epoch)
	le.PutUint64(b[128:], s.LastMigrated)
	le.PutUint64(b[136:], s.MigratedSeq)
	le.PutUint64(b[144:], s.DurableSeq)
	if s.Clean {
		le.PutUint32(b[152:], flagClean)
	}
	for i := range s.Bindings {
		putBinding(b[superFixed+i*bindingSize:], &s.Bindings[i])
	}
	le.PutUint32(b[12:], checksumSkipping(b[:length], 12))
	return dst
}

func putString(b []byte, s string) {
	if len(s) > len(b) {
		panic("segment: string does not fit its field")
	}
	copy(b, s)
}

func putBinding(b []byte, d *Binding) {
	b[0], b[1] = d.ID, uint8(d.State)
	copy(b[8:24], d.UUID[:])
	binary.LittleEndian.PutUint64(b[24:], d.Sectors)
	binary.LittleEndian.PutUint64(b[32:], d.Fingerprint)
	putString(b[40:40+nameSize], d.Name)
}

func getBinding(b []byte) Binding {
	d := Binding{ID: b[0], State: BindingState(b[1])}
	copy(d.UUID[:], b[8:24])
	d.Sectors = binary.LittleEndian.Uint64(b[24:])
	d.Fingerprint = binary.LittleEndian.Uint64(b[32:])
	d.Name = string(bytes.TrimRight(b[40:40+nameSize], "\x00"))
	return d
}

// DecodeSuper decodes one copy. It returns [ErrNotFormatted] when b carries no
// superblock at all, and other errors when it carries a bad one.
func DecodeSuper(b []byte) (*Super, error) {
	le := binary.LittleEndian
	if len(b) < superFixed || string(b[:8]) != superMagic {
		return nil, ErrNotFormatted
	}
	if v := le.Uint32(b[8:]); v != superVersion {
		return nil, fmt.Errorf("%w %d, this program knows %d", ErrVersion, v, superVersion)
	}
	length, n := le.Uint32(b[16:]), le.Uint32(b[20:])
	if n > MaxDevices || length != superFixed+bindingSize*n || uint64(length) > uint64(len(b)) {
		return nil, fmt.Errorf("superblock: %w", &FieldError{"length", uint64(length), uint64(superFixed + bindingSize*min(n, MaxDevices))})
	}
	if got, want := le.Uint32(b[12:]), checksumSkipping(b[:length], 12); got != want {
		return nil, fmt.Errorf("superblock: %w", &FieldError{"checksum", uint64(got), uint64(want)})
	}
	s := &Super{
		Generation: le.Uint64(b[24:]),
		Label:      string(bytes.TrimRight(b[48:48+labelSize], "\x00")),
		DeviceSize: le.Uint64(b[80:]),
		Geometry: Geometry{
			BlockSize:   le.Uint32(b[88:]),
			SegmentSize: le.Uint32(b[92:]),
			Slots:       le.Uint64(b[96:]),
			LogOffset:   le.Uint64(b[104:]),
		},
		Nonce:        le.Uint64(b[112:]),
		Epoch:        le.Uint64(b[120:]),
		LastMigrated: le.Uint64(b[128:]),
		MigratedSeq:  le.Uint64(b[136:]),
		DurableSeq:   le.Uint64(b[144:]),
		Clean:        le.Uint32(b[152:])&flagClean != 0,
	}
	copy(s.UUID[:], b[32:48])
	for i := range int(n) {
		s.Bindings = append(s.Bindings, getBinding(b[superFixed+i*bindingSize:]))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	return s, nil
}

// check refuses what a correct checksum cannot excuse.
func (s *Super) check() error {
	if err := s.Geometry.check(); err != nil {
		return err
	}
	if end := s.Geometry.LogOffset + s.Geometry.LogBytes(); end > s.DeviceSize {
		return &FieldError{"end of the log", end, s.DeviceSize}
	}
	seen := [MaxDevices + 1]bool{}
	for _, d := range s.Bindings {
		if d.ID == 0 || d.ID > MaxDevices || seen[d.ID] {
			return &FieldError{"device id", uint64(d.ID), 0}
		}
		seen[d.ID] = true
	}
	return nil
}

// NewestSuper decodes both copies and returns the valid one of the higher
// generation. A bad copy beside a good one is what a torn update leaves, or one
// that went bad later; see the package comment for why the good one will do. But
// a copy of an unknown version is a newer program's, and its log must not be
// continued from an older state. When neither is valid the error is
// [ErrNotFormatted] only if neither carries our magic.
func NewestSuper(a, b []byte) (*Super, error) {
	sa, ea := DecodeSuper(a)
	sb, eb := DecodeSuper(b)
	switch {
	case errors.Is(ea, ErrVersion):
		return nil, ea
	case errors.Is(eb, ErrVersion):
		return nil, eb
	case ea == nil && eb == nil:
		if sa.UUID != sb.UUID {
			return nil, fmt.Errorf("superblocks: %w", &FieldError{"UUID of the second copy", 0, 1})
		}
		if sb.Generation > sa.Generation {
			return sb, nil
		}
		return sa, nil
	case ea == nil:
		sa.Other = eb
		return sa, nil
	case eb == nil:
		sb.Other = ea
		return sb, nil
	case errors.Is(ea, ErrNotFormatted):
		return nil, eb
	}
	return nil, ea
}
