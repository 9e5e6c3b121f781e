package segment

import (
	"errors"
	"fmt"
	"hash/crc32"
)

// These numbers are part of the on-disk format; they never change.
const (
	superMagic   = "ublk-lc\x00"
	superVersion = 2 // written; version 1 is read as well
	superFixed   = 512
	bindingSize  = 128
	reservedAt   = 192  // up to the MBR
	witnessSize  = 2048 // since version 2
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

	// GivenUp is up to which sequence the device's extents count no more; 0 = all
	// do. As long as the log may hold such records, it stays: who binds another
	// disk under this id takes it over.
	GivenUp uint64

	// Reserved is what a program that knows more has here, and is written back.
	Reserved [16]byte

	// Witness is what was last written to some places of the backing; nil if that
	// was never looked at. It is replaced as a whole, never changed.
	Witness *Witness
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
	EpochSeq     uint64 // the last record that the resume of this epoch accepted; in version 1 DurableSeq stands for it
	Clean        bool
	Features     Features
	Reserved     [mbrOffset - reservedAt]byte // what a program that knows more has here, and is written back
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

// NewestSuper decodes both copies and returns the valid one of the higher
// generation. A bad copy beside a good one is what a torn update leaves, or one
// that went bad later, whatever it says; see the package comment for why the
// good one will do. But a copy of an unknown version whose checksum is right is
// a newer program's, and its log must not be continued from an older state.
// When neither is valid the error is [ErrNotFormatted] only if neither carries
// our magic.
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
