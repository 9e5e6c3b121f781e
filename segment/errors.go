package segment

import (
	"errors"
	"fmt"
)

var (
	// ErrGeometry is returned for sizes the format cannot have.
	ErrGeometry = errors.New("bad cache geometry")
	// ErrTooSmall is returned when a device has no room for the smallest ring.
	ErrTooSmall = errors.New("cache device is too small")
	// ErrNotFormatted is returned when neither superblock copy carries our magic.
	ErrNotFormatted = errors.New("not formatted as a cache")
	// ErrVersion is returned for a superblock of a format we do not know.
	ErrVersion = errors.New("made by a version of this program whose format this one does not know: use a newer lc")
	// ErrReadOnly is returned for a log that may be read and not be written:
	// there is something in it that a writer must know, and this program does
	// not.
	ErrReadOnly = errors.New("made by a version of this program that writes what this one can only read: use a newer lc, or `lc replay`, which writes nothing to it")
	// ErrDamaged is what every [DamageError] wraps.
	ErrDamaged = errors.New("damaged log")
)

// DamageError says where a log is bad below what is stated to be durable.
type DamageError struct {
	Segment uint64 // segment id
	Slot    uint64
	Offset  int64  // byte on the cache device where the bad record should start
	Seq     uint64 // sequence of the record that is missing or bad
	Durable uint64 // what is stated to be durable
	Reason  error  // what is wrong there
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%v: record %d of segment %d (slot %d, byte %d): %v; records up to %d were durable",
		ErrDamaged, e.Seq, e.Segment, e.Slot, e.Offset, e.Reason, e.Durable)
}

// Unwrap lets errors.Is find [ErrDamaged].
func (e *DamageError) Unwrap() error { return ErrDamaged }

// FieldError says which field of a structure is not as it must be.
type FieldError struct {
	Field     string
	Got, Want uint64
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s is %#x, expected %#x", e.Field, e.Got, e.Want)
}
