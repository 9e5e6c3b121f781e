package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// protectiveMBR ends the first sector of a superblock, and says to those who do
// not know our magic that something is there: blkid shows PTTYPE="PMBR", and
// mkfs, pvcreate and mkswap ask before they go over it. It has one partition,
// of type 0xEE, from sector 1 to wherever the disk ends; no system makes a
// partition of one of that type.
const (
	mbrOffset     = 446
	protectiveMBR = "\x00\x00\x02\x00\xee\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x55\xaa"
)

// SuperOffset is where a superblock of this generation is written, in bytes.
func SuperOffset(generation uint64) int64 { return int64(generation%2) * SuperSpace }

// MaxSuperSize is how long an encoded superblock can be, of any version, in bytes.
const MaxSuperSize = (superFixed + (bindingSize+witnessSize)*MaxDevices + 4095) &^ 4095

// SuperSize is the length of the encoded superblock in bytes, padded to 4 KiB.
func (s *Super) SuperSize() int {
	return (superLength(superVersion, uint32(len(s.Bindings))) + 4095) &^ 4095
}

// superLength is the length of a superblock of a version with n bindings.
func superLength(version, n uint32) int {
	if version == 1 {
		return superFixed + bindingSize*int(n)
	}
	return superFixed + (bindingSize+witnessSize)*int(n)
}

// SuperLength is how many bytes, a multiple of 4 KiB, must be read to decode the
// superblock whose first 4 KiB b holds. It believes what b says, within bounds.
func SuperLength(b []byte) int {
	if len(b) < superFixed || string(b[:8]) != superMagic {
		return 4096
	}
	n := int(min(binary.LittleEndian.Uint32(b[16:]), MaxSuperSize))
	return max(4096, (n+4095)&^4095)
}

// SuperIsAlone tells whether a valid superblock, which starts b, is followed by
// the zeroes that were written with it, up to the end of its last 4 KiB: where
// it has room left, another program may have put something of its own since.
func SuperIsAlone(b []byte) bool {
	rest := b[binary.LittleEndian.Uint32(b[16:]):SuperLength(b)]
	return bytes.Count(rest, zeroField[:1]) == len(rest)
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

// AppendSuper appends the encoded superblock, padded with zeroes to a multiple
// of 4 KiB.
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
	length := superLength(superVersion, uint32(len(s.Bindings)))
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
	le.PutUint32(b[156:], s.Geometry.RecordAlign)
	le.PutUint64(b[160:], s.EpochSeq)
	s.Features.put(b[168:])
	copy(b[reservedAt:], s.Reserved[:])
	copy(b[mbrOffset:], protectiveMBR)
	witnesses := b[superFixed+bindingSize*len(s.Bindings):]
	for i := range s.Bindings {
		putBinding(b[superFixed+i*bindingSize:], &s.Bindings[i])
		s.Bindings[i].Witness.put(witnesses[i*witnessSize:][:witnessSize])
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
	binary.LittleEndian.PutUint64(b[104:], d.GivenUp)
	copy(b[112:], d.Reserved[:])
}

func getBinding(b []byte) Binding {
	d := Binding{ID: b[0], State: BindingState(b[1])}
	copy(d.UUID[:], b[8:24])
	d.Sectors = binary.LittleEndian.Uint64(b[24:])
	d.Fingerprint = binary.LittleEndian.Uint64(b[32:])
	d.Name = string(bytes.TrimRight(b[40:40+nameSize], "\x00"))
	d.GivenUp = binary.LittleEndian.Uint64(b[104:])
	copy(d.Reserved[:], b[112:])
	return d
}

// DecodeSuper decodes one copy. It returns [ErrNotFormatted] when b carries no
// superblock at all, and other errors when it carries a bad one.
func DecodeSuper(b []byte) (*Super, error) {
	le := binary.LittleEndian
	if len(b) < superFixed || string(b[:8]) != superMagic {
		return nil, ErrNotFormatted
	}
	version, length, n := le.Uint32(b[8:]), le.Uint32(b[16:]), le.Uint32(b[20:])
	if most := min(len(b), MaxSuperSize); length < superFixed || uint64(length) > uint64(most) {
		return nil, fmt.Errorf("superblock: %w", &FieldError{"length", uint64(length), uint64(most)})
	}
	// What a bad copy says of its version is worth as little as the rest.
	if got, want := le.Uint32(b[12:]), checksumSkipping(b[:length], 12); got != want {
		return nil, fmt.Errorf("superblock: %w", &FieldError{"checksum", uint64(got), uint64(want)})
	}
	if version == 0 || version > superVersion {
		return nil, fmt.Errorf("%w %d, this program knows up to %d", ErrVersion, version, superVersion)
	}
	s := getSuper(b)
	if err := s.Features.readable(); err != nil {
		return nil, err
	}
	if want := superLength(version, min(n, MaxDevices)); n > MaxDevices || int(length) != want {
		return nil, fmt.Errorf("superblock: %w", &FieldError{"length", uint64(length), uint64(want)})
	}
	if version == 1 {
		s.EpochSeq = s.DurableSeq
	}
	if err := s.getBindings(b[superFixed:length], int(n)); err != nil {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("superblock: %w", err)
	}
	return s, nil
}

// getSuper takes the part of a superblock before its bindings.
func getSuper(b []byte) *Super {
	le := binary.LittleEndian
	s := &Super{
		Generation: le.Uint64(b[24:]),
		Label:      string(bytes.TrimRight(b[48:48+labelSize], "\x00")),
		DeviceSize: le.Uint64(b[80:]),
		Geometry: Geometry{
			BlockSize:   le.Uint32(b[88:]),
			SegmentSize: le.Uint32(b[92:]),
			Slots:       le.Uint64(b[96:]),
			LogOffset:   le.Uint64(b[104:]),
			RecordAlign: le.Uint32(b[156:]),
		},
		Nonce:        le.Uint64(b[112:]),
		Epoch:        le.Uint64(b[120:]),
		LastMigrated: le.Uint64(b[128:]),
		MigratedSeq:  le.Uint64(b[136:]),
		DurableSeq:   le.Uint64(b[144:]),
		EpochSeq:     le.Uint64(b[160:]),
		Clean:        le.Uint32(b[152:])&flagClean != 0,
		Features:     getFeatures(b[168:]),
	}
	copy(s.UUID[:], b[32:48])
	copy(s.Reserved[:], b[reservedAt:])
	return s
}

// getBindings takes n bindings, and their witnesses if b has any: version 1 has
// none.
func (s *Super) getBindings(b []byte, n int) (err error) {
	witnesses := b[bindingSize*n:]
	for i := range n {
		d := getBinding(b[i*bindingSize:])
		if len(witnesses) > 0 {
			if d.Witness, err = getWitness(witnesses[i*witnessSize:][:witnessSize]); err != nil {
				return fmt.Errorf("device %d: %w", d.ID, err)
			}
		}
		s.Bindings = append(s.Bindings, d)
	}
	return nil
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
