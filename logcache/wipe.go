package logcache

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// By these bytes at its start and at its end other programs would take a device
// for theirs, assemble or mount it, and write to it: every place that libblkid
// looks at, as far as the second header of LUKS2 at 4 MiB, the second
// superblock of bcachefs at 2 MiB and 1 MiB from the end, and the RAIDs of
// mainboards up to 1.5 MiB from the end.
const (
	wipedHead = 8 << 20
	wipedTail = 2 << 20
)

// Wipe makes a device of size bytes, a multiple of its block, one that holds
// nothing as far as any program can tell. What the log of a cache held is gone.
// The superblocks go first, durably: a power cut leaves an old cache whole, or
// none.
func Wipe(dev Device, size uint64) error {
	zeroes, err := mem.Alloc(1 << 20)
	if err != nil {
		return err
	}
	defer mem.Free(zeroes)
	tail := uint64(0)
	if size > wipedTail {
		tail = (size - wipedTail) &^ 4095
	}
	head := min(wipedHead, size)
	for _, step := range [][][2]uint64{
		{{0, min(segment.LogOffset, head)}},
		{{segment.LogOffset, head}, {max(tail, head), size}},
	} {
		for _, r := range step {
			if err := zero(dev, zeroes, r[0], r[1]); err != nil {
				return err
			}
		}
		if err := dev.Flush(); err != nil {
			return fmt.Errorf("flush what was wiped: %w", err)
		}
	}
	return nil
}

// zero writes zeroes from one byte up to another.
func zero(dev Device, zeroes []byte, from, to uint64) error {
	for from < to {
		n := min(uint64(len(zeroes)), to-from)
		if _, err := dev.WriteAt(zeroes[:n], int64(from)); err != nil {
			return fmt.Errorf("wipe: %w", err)
		}
		from += n
	}
	return nil
}
