// Package uapi declares the kernel interface of ublk:
// include/uapi/linux/ublk_cmd.h of Linux 7.1 in Go.
//
// Constants keep their C spelling, so that one grep finds them in both trees;
// commands are in ioctl encoding, the only form that every kernel since 6.4
// takes. Structures name the C structure they mirror. There is no behaviour
// here.
package uapi

import "structs"

// Commands to /dev/ublk-control, sent as URING_CMD entries of 128 bytes with a
// UblksrvCtrlCmd as payload.
const (
	UBLK_U_CMD_GET_QUEUE_AFFINITY  uint32 = ior | ctrlSize | 0x01
	UBLK_U_CMD_GET_DEV_INFO        uint32 = ior | ctrlSize | 0x02
	UBLK_U_CMD_ADD_DEV             uint32 = iowr | ctrlSize | 0x04
	UBLK_U_CMD_DEL_DEV             uint32 = iowr | ctrlSize | 0x05
	UBLK_U_CMD_START_DEV           uint32 = iowr | ctrlSize | 0x06
	UBLK_U_CMD_STOP_DEV            uint32 = iowr | ctrlSize | 0x07
	UBLK_U_CMD_SET_PARAMS          uint32 = iowr | ctrlSize | 0x08
	UBLK_U_CMD_GET_PARAMS          uint32 = ior | ctrlSize | 0x09
	UBLK_U_CMD_START_USER_RECOVERY uint32 = iowr | ctrlSize | 0x10
	UBLK_U_CMD_END_USER_RECOVERY   uint32 = iowr | ctrlSize | 0x11
	UBLK_U_CMD_GET_DEV_INFO2       uint32 = ior | ctrlSize | 0x12
	UBLK_U_CMD_GET_FEATURES        uint32 = ior | ctrlSize | 0x13
	UBLK_U_CMD_DEL_DEV_ASYNC       uint32 = ior | ctrlSize | 0x14
	UBLK_U_CMD_UPDATE_SIZE         uint32 = iowr | ctrlSize | 0x15
	UBLK_U_CMD_QUIESCE_DEV         uint32 = iowr | ctrlSize | 0x16
	UBLK_U_CMD_TRY_STOP_DEV        uint32 = iowr | ctrlSize | 0x17
	UBLK_U_CMD_REG_BUF             uint32 = iowr | ctrlSize | 0x18
	UBLK_U_CMD_UNREG_BUF           uint32 = iowr | ctrlSize | 0x19
)

// Commands to /dev/ublkcN, sent as URING_CMD entries with a UblksrvIOCmd as
// payload.
const (
	UBLK_U_IO_FETCH_REQ            uint32 = iowr | ioSize | 0x20
	UBLK_U_IO_COMMIT_AND_FETCH_REQ uint32 = iowr | ioSize | 0x21
	UBLK_U_IO_NEED_GET_DATA        uint32 = iowr | ioSize | 0x22
	UBLK_U_IO_REGISTER_IO_BUF      uint32 = iowr | ioSize | 0x23
	UBLK_U_IO_UNREGISTER_IO_BUF    uint32 = iowr | ioSize | 0x24
)

// The parts of an ioctl number: direction, size of the payload, and 'u' as type.
const (
	ior      uint32 = 2<<30 | 'u'<<8
	iowr     uint32 = 3<<30 | 'u'<<8
	ctrlSize uint32 = 32 << 16
	ioSize   uint32 = 16 << 16
)

// Results of UBLK_U_IO_FETCH_REQ and UBLK_U_IO_COMMIT_AND_FETCH_REQ.
const (
	UBLK_IO_RES_OK            int32 = 0
	UBLK_IO_RES_NEED_GET_DATA int32 = 1
	UBLK_IO_RES_ABORT         int32 = -19 // -ENODEV: the device stops, do not fetch again
)

// Limits and offsets.
const (
	UBLK_FEATURES_LEN      = 8          // bytes of the answer to UBLK_U_CMD_GET_FEATURES
	UBLKSRV_CMD_BUF_OFFSET = 0          // mmap offset of the io descriptors of queue 0
	UBLKSRV_IO_BUF_OFFSET  = 0x80000000 // pread and pwrite offset of request data
	UBLK_MAX_QUEUE_DEPTH   = 4096       // requests a queue
	UBLK_IO_BUF_BITS       = 25         // a request is at most 1<<25 bytes
	UBLK_TAG_BITS          = 16         // of an offset of request data, above UBLK_IO_BUF_BITS
	UBLK_MAX_NR_QUEUES     = 1 << 12
)

// Device states.
const (
	UBLK_S_DEV_DEAD     uint16 = 0
	UBLK_S_DEV_LIVE     uint16 = 1
	UBLK_S_DEV_QUIESCED uint16 = 2
	UBLK_S_DEV_FAIL_IO  uint16 = 3
)

// UblksrvCtrlCmd is struct ublksrv_ctrl_cmd, the payload of a control command.
type UblksrvCtrlCmd struct {
	_          structs.HostLayout
	DevID      uint32    // which device
	QueueID    uint16    // which queue, 0xffff when the command is not about one
	Len        uint16    // bytes at Addr
	Addr       uint64    // address of the command's buffer, in or out
	Data       [1]uint64 // the command's argument
	DevPathLen uint16    // bytes of the path at the head of the buffer, for unprivileged devices
	Pad        uint16
	Reserved   uint32
}

// UblksrvCtrlDevInfo is struct ublksrv_ctrl_dev_info, the argument and answer
// of ADD_DEV and GET_DEV_INFO.
type UblksrvCtrlDevInfo struct {
	_             structs.HostLayout
	NrHwQueues    uint16
	QueueDepth    uint16 // requests a queue
	State         uint16 // UBLK_S_DEV_*
	Pad0          uint16
	MaxIOBufBytes uint32 // bytes
	DevID         uint32
	UblksrvPid    int32 // process that serves the device, -1 when none
	Pad1          uint32
	Flags         uint64 // UBLK_F_*: asked for, and on return granted
	UblksrvFlags  uint64 // the server's own, the kernel only keeps them
	OwnerUID      uint32
	OwnerGID      uint32
	Reserved1     uint64
	Reserved2     uint64
}

// UblksrvIOCmd is struct ublksrv_io_cmd, the payload of an io command.
type UblksrvIOCmd struct {
	_      structs.HostLayout
	QID    uint16
	Tag    uint16
	Result int32  // bytes or negative errno, for a commit
	Addr   uint64 // address of the tag's buffer; LBA of a zone append
}
