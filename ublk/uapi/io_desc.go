package uapi

import "structs"

// Operations, bits 0 to 7 of UblksrvIODesc.OpFlags.
const (
	UBLK_IO_OP_READ           uint8 = 0
	UBLK_IO_OP_WRITE          uint8 = 1
	UBLK_IO_OP_FLUSH          uint8 = 2
	UBLK_IO_OP_DISCARD        uint8 = 3
	UBLK_IO_OP_WRITE_SAME     uint8 = 4
	UBLK_IO_OP_WRITE_ZEROES   uint8 = 5
	UBLK_IO_OP_ZONE_OPEN      uint8 = 10
	UBLK_IO_OP_ZONE_CLOSE     uint8 = 11
	UBLK_IO_OP_ZONE_FINISH    uint8 = 12
	UBLK_IO_OP_ZONE_APPEND    uint8 = 13
	UBLK_IO_OP_ZONE_RESET_ALL uint8 = 14
	UBLK_IO_OP_ZONE_RESET     uint8 = 15
	UBLK_IO_OP_REPORT_ZONES   uint8 = 18
)

// Flags of a request, in the position they have in UblksrvIODesc.OpFlags.
const (
	UBLK_IO_F_FAILFAST_DEV       uint32 = 1 << 8
	UBLK_IO_F_FAILFAST_TRANSPORT uint32 = 1 << 9
	UBLK_IO_F_FAILFAST_DRIVER    uint32 = 1 << 10
	UBLK_IO_F_META               uint32 = 1 << 11
	UBLK_IO_F_FUA                uint32 = 1 << 13
	UBLK_IO_F_NOUNMAP            uint32 = 1 << 15
	UBLK_IO_F_SWAP               uint32 = 1 << 16
	UBLK_IO_F_NEED_REG_BUF       uint32 = 1 << 17
	UBLK_IO_F_INTEGRITY          uint32 = 1 << 18
	UBLK_IO_F_SHMEM_ZC           uint32 = 1 << 19
)

// UblksrvIODesc is struct ublksrv_io_desc: one request, written by the kernel
// into memory that the server maps.
type UblksrvIODesc struct {
	_           structs.HostLayout
	OpFlags     uint32 // UBLK_IO_OP_* | UBLK_IO_F_*
	NrSectors   uint32 // 512-byte sectors; zones for UBLK_IO_OP_REPORT_ZONES
	StartSector uint64 // 512-byte sectors
	Addr        uint64 // address of the buffer in the server
}
