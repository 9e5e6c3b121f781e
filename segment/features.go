package segment

import (
	"encoding/binary"
	"fmt"
)

// Features are the feature bits of a superblock: what of the format a log uses
// that not every program of this version knows. A program meets bits that it
// does not know in three ways, as the file systems have it: Compatible ones ask
// nothing of it but to keep them, and with them whatever it finds in fields that
// it takes for reserved. A log with ReadOnly ones it may read, not write. A log
// with Incompatible ones it cannot read at all.
type Features struct {
	Compatible, ReadOnly, Incompatible uint64
}

// known are the features that this program knows. There are none yet.
var known Features

// readable refuses the log of a superblock with features that a reader must know.
func (f *Features) readable() error {
	if unknown := f.Incompatible &^ known.Incompatible; unknown != 0 {
		return fmt.Errorf("%w (incompatible features %#x)", ErrVersion, unknown)
	}
	return nil
}

// Writable refuses the log of a superblock with features that a writer must
// know, with [ErrReadOnly].
func (s *Super) Writable() error {
	if unknown := s.Features.ReadOnly &^ known.ReadOnly; unknown != 0 {
		return fmt.Errorf("%w (features %#x)", ErrReadOnly, unknown)
	}
	return nil
}

func (f *Features) put(b []byte) {
	le := binary.LittleEndian
	le.PutUint64(b, f.Compatible)
	le.PutUint64(b[8:], f.ReadOnly)
	le.PutUint64(b[16:], f.Incompatible)
}

func getFeatures(b []byte) Features {
	le := binary.LittleEndian
	return Features{Compatible: le.Uint64(b), ReadOnly: le.Uint64(b[8:]), Incompatible: le.Uint64(b[16:])}
}
