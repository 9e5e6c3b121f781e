package uapi

import "structs"

// Which parts of UblkParams are set: UblkParams.Types.
const (
	UBLK_PARAM_TYPE_BASIC     uint32 = 1 << 0
	UBLK_PARAM_TYPE_DISCARD   uint32 = 1 << 1
	UBLK_PARAM_TYPE_DEVT      uint32 = 1 << 2
	UBLK_PARAM_TYPE_ZONED     uint32 = 1 << 3
	UBLK_PARAM_TYPE_DMA_ALIGN uint32 = 1 << 4
	UBLK_PARAM_TYPE_SEGMENT   uint32 = 1 << 5
	UBLK_PARAM_TYPE_INTEGRITY uint32 = 1 << 6
)

// Attributes of a device: UblkParamBasic.Attrs.
const (
	UBLK_ATTR_READ_ONLY      uint32 = 1 << 0
	UBLK_ATTR_ROTATIONAL     uint32 = 1 << 1
	UBLK_ATTR_VOLATILE_CACHE uint32 = 1 << 2 // the kernel sends flushes
	UBLK_ATTR_FUA            uint32 = 1 << 3 // the kernel sends FUA writes; only together with VOLATILE_CACHE
)

// UBLK_MIN_SEGMENT_SIZE is the least UblkParamSegment.MaxSegmentSize, in bytes.
const UBLK_MIN_SEGMENT_SIZE = 4096

// UblkParams is struct ublk_params. A kernel that knows fewer parts masks the
// rest out of Types.
type UblkParams struct {
	_         structs.HostLayout
	Len       uint32 // bytes of this structure
	Types     uint32 // UBLK_PARAM_TYPE_*
	Basic     UblkParamBasic
	Discard   UblkParamDiscard
	Devt      UblkParamDevt
	Zoned     UblkParamZoned
	DMA       UblkParamDMAAlign
	_         [4]byte // Seg is aligned to 8
	Seg       UblkParamSegment
	Integrity UblkParamIntegrity
}

// UblkParamBasic is struct ublk_param_basic.
type UblkParamBasic struct {
	_                structs.HostLayout
	Attrs            uint32 // UBLK_ATTR_*
	LogicalBsShift   uint8  // log2 of bytes, 9 or more
	PhysicalBsShift  uint8  // log2 of bytes
	IOOptShift       uint8  // log2 of bytes; 0 means one byte, that is, no preference
	IOMinShift       uint8  // log2 of bytes
	MaxSectors       uint32 // 512-byte sectors in one request
	ChunkSectors     uint32 // 512-byte sectors; no request crosses a multiple of it; 0 for none
	DevSectors       uint64 // 512-byte sectors
	VirtBoundaryMask uint64
}

// UblkParamDiscard is struct ublk_param_discard. Write-zeroes requests come
// only with it, too.
type UblkParamDiscard struct {
	_                     structs.HostLayout
	DiscardAlignment      uint32 // bytes
	DiscardGranularity    uint32 // bytes, not 0
	MaxDiscardSectors     uint32 // 512-byte sectors
	MaxWriteZeroesSectors uint32 // 512-byte sectors
	MaxDiscardSegments    uint16 // must be 1 with MaxDiscardSectors
	Reserved0             uint16
}

// UblkParamDevt is struct ublk_param_devt; only the kernel sets it.
type UblkParamDevt struct {
	_         structs.HostLayout
	CharMajor uint32
	CharMinor uint32
	DiskMajor uint32 // 0 until the device was started
	DiskMinor uint32
}

// UblkParamZoned is struct ublk_param_zoned.
type UblkParamZoned struct {
	_                    structs.HostLayout
	MaxOpenZones         uint32
	MaxActiveZones       uint32
	MaxZoneAppendSectors uint32 // 512-byte sectors
	Reserved             [20]uint8
}

// UblkParamDMAAlign is struct ublk_param_dma_align.
type UblkParamDMAAlign struct {
	_         structs.HostLayout
	Alignment uint32 // a mask: bytes - 1
	Pad       [4]uint8
}

// UblkParamSegment is struct ublk_param_segment.
type UblkParamSegment struct {
	_               structs.HostLayout
	SegBoundaryMask uint64 // a mask: bytes - 1
	MaxSegmentSize  uint32 // bytes
	MaxSegments     uint16
	Pad             [2]uint8
}

// UblkParamIntegrity is struct ublk_param_integrity.
type UblkParamIntegrity struct {
	_                    structs.HostLayout
	Flags                uint32 // LBMD_PI_CAP_*
	MaxIntegritySegments uint16 // 0 for no limit
	IntervalExp          uint8  // log2 of bytes
	MetadataSize         uint8  // bytes
	PIOffset             uint8  // bytes
	CsumType             uint8  // LBMD_PI_CSUM_*
	TagSize              uint8  // bytes
	Pad                  [5]uint8
}
