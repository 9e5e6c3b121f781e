package segment

import (
	"fmt"
	"math/bits"
)

const (
	// SectorSize is the unit of all addresses and lengths in sectors, in bytes.
	SectorSize = 512
	// SuperSpace is the room for one copy of the superblock, in bytes.
	SuperSpace = 512 << 10
	// LogOffset is where slot 0 starts, in bytes.
	LogOffset = 2 * SuperSpace
	// MinSegmentSize and MaxSegmentSize bound the segment size, in bytes.
	MinSegmentSize = 8 << 10
	MaxSegmentSize = 64 << 20
	// DefaultSegmentSize is used when the operator names none, in bytes.
	DefaultSegmentSize = 1 << 20
	// MinSlots is the smallest ring that can make progress at all.
	MinSlots = 4
	// MaxDevices is the number of ids a log can bind: 1 … 127.
	MaxDevices = 127
)

// Geometry is how a cache device is cut up. It is fixed at format.
type Geometry struct {
	BlockSize   uint32 // smallest unit of I/O on the cache device, in bytes: 512 or 4096
	SegmentSize uint32 // size of a slot, in bytes
	Slots       uint64 // number of slots in the ring
	LogOffset   uint64 // where slot 0 starts, in bytes
	RecordAlign uint32 // where records start and end, in bytes: the block size, or 4096; 0 = the block size
}

// NewGeometry cuts a device of size bytes into slots. Records are aligned to its
// blocks.
func NewGeometry(size uint64, blockSize, segmentSize uint32) (Geometry, error) {
	return NewAligned(size, blockSize, segmentSize, 0)
}

// NewAligned is [NewGeometry] with records aligned to so many bytes: the block
// size, or 4096. 0 is the block size.
func NewAligned(size uint64, blockSize, segmentSize, recordAlign uint32) (Geometry, error) {
	g := Geometry{BlockSize: blockSize, SegmentSize: segmentSize, LogOffset: LogOffset, RecordAlign: recordAlign}
	if size > LogOffset && segmentSize != 0 {
		g.Slots = (size - LogOffset) / uint64(segmentSize)
	}
	if err := g.check(); err != nil {
		return Geometry{}, err
	}
	return g, nil
}

func (g Geometry) check() error {
	if g.BlockSize != 512 && g.BlockSize != 4096 {
		return fmt.Errorf("%w: block size %d is neither 512 nor 4096", ErrGeometry, g.BlockSize)
	}
	if g.RecordAlign != 0 && g.RecordAlign != g.BlockSize && g.RecordAlign != 4096 {
		return fmt.Errorf("%w: records aligned to %d bytes, which is neither the block size nor 4096", ErrGeometry, g.RecordAlign)
	}
	if g.SegmentSize < MinSegmentSize || g.SegmentSize > MaxSegmentSize || bits.OnesCount32(g.SegmentSize) != 1 {
		return fmt.Errorf("%w: segment size %d is not a power of two from %d to %d", ErrGeometry, g.SegmentSize, MinSegmentSize, MaxSegmentSize)
	}
	if g.SegmentSize < 4*max(g.BlockSize, g.RecordAlign) {
		return fmt.Errorf("%w: segment size %d is less than 4 records of %d bytes", ErrGeometry, g.SegmentSize, max(g.BlockSize, g.RecordAlign))
	}
	if g.LogOffset%4096 != 0 || g.LogOffset < LogOffset {
		return fmt.Errorf("%w: log offset %d", ErrGeometry, g.LogOffset)
	}
	if g.Slots < MinSlots {
		return fmt.Errorf("%w: %d segments of %d bytes fit, at least %d are needed (%d bytes in all)",
			ErrTooSmall, g.Slots, g.SegmentSize, MinSlots, LogOffset+MinSlots*uint64(g.SegmentSize))
	}
	if g.Slots > (1<<40)/uint64(g.SegmentSize/SectorSize) {
		return fmt.Errorf("%w: %d slots are more than the log can address", ErrGeometry, g.Slots)
	}
	return nil
}

// SegmentSectors is the size of a slot in sectors.
func (g Geometry) SegmentSectors() uint32 { return g.SegmentSize / SectorSize }

// BlockSectors is the block size in sectors.
func (g Geometry) BlockSectors() uint32 { return g.BlockSize / SectorSize }

// RecordSectors is what the start and the end of every record are a multiple
// of, in sectors.
func (g Geometry) RecordSectors() uint32 { return max(g.BlockSize, g.RecordAlign) / SectorSize }

// Slot is where segment id lives. id must not be 0.
func (g Geometry) Slot(id uint64) uint64 { return (id - 1) % g.Slots }

// SlotOffset is the first byte of a slot on the cache device.
func (g Geometry) SlotOffset(slot uint64) int64 {
	return int64(g.LogOffset + slot*uint64(g.SegmentSize))
}

// SlotSector is the first sector of a slot on the cache device.
func (g Geometry) SlotSector(slot uint64) int64 { return g.SlotOffset(slot) / SectorSize }

// SlotOfSector tells which slot a sector of the cache device lies in.
func (g Geometry) SlotOfSector(sector int64) uint64 {
	return (uint64(sector)*SectorSize - g.LogOffset) / uint64(g.SegmentSize)
}

// LogBytes is the size of the ring in bytes.
func (g Geometry) LogBytes() uint64 { return g.Slots * uint64(g.SegmentSize) }
