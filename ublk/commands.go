package ublk

import (
	"context"
	"os"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"golang.org/x/sys/unix"
)

func addDev(ctx context.Context, info *uapi.UblksrvCtrlDevInfo) error {
	c := command{name: "ADD_DEV", op: uapi.UBLK_U_CMD_ADD_DEV, id: int(int32(info.DevID)), lone: true,
		buf: unsafe.Pointer(info), len: int(unsafe.Sizeof(*info))}
	return c.run(ctx)
}

func setParams(ctx context.Context, id int, p *uapi.UblkParams) error {
	p.Len = uint32(unsafe.Sizeof(*p))
	c := command{name: "SET_PARAMS", op: uapi.UBLK_U_CMD_SET_PARAMS, id: id,
		buf: unsafe.Pointer(p), len: int(unsafe.Sizeof(*p))}
	return c.run(ctx)
}

func getParams(ctx context.Context, id int) (*uapi.UblkParams, error) {
	p := &uapi.UblkParams{}
	p.Len = uint32(unsafe.Sizeof(*p))
	c := command{name: "GET_PARAMS", op: uapi.UBLK_U_CMD_GET_PARAMS, id: id,
		buf: unsafe.Pointer(p), len: int(unsafe.Sizeof(*p))}
	return p, c.run(ctx)
}

func getDevInfo(ctx context.Context, id int) (*uapi.UblksrvCtrlDevInfo, error) {
	info := &uapi.UblksrvCtrlDevInfo{}
	c := command{name: "GET_DEV_INFO", op: uapi.UBLK_U_CMD_GET_DEV_INFO, id: id,
		buf: unsafe.Pointer(info), len: int(unsafe.Sizeof(*info))}
	return info, c.run(ctx)
}

func getFeatures(ctx context.Context) (uint64, error) {
	var bits uint64
	c := command{name: "GET_FEATURES", op: uapi.UBLK_U_CMD_GET_FEATURES, id: -1,
		buf: unsafe.Pointer(&bits), len: uapi.UBLK_FEATURES_LEN}
	return bits, c.run(ctx)
}

// startDev returns once all queues have fetched and the disk is added, for
// which the kernel may read its partition table: the queues must be serving.
func startDev(ctx context.Context, id int) error {
	c := command{name: "START_DEV", op: uapi.UBLK_U_CMD_START_DEV, id: id, data: uint64(os.Getpid()), lone: true}
	return c.run(ctx)
}

// stopDev returns once all requests were answered and the disk is gone; the
// queues must be serving until then.
func stopDev(ctx context.Context, id int) error {
	c := command{name: "STOP_DEV", op: uapi.UBLK_U_CMD_STOP_DEV, id: id, lone: true}
	return c.run(ctx)
}

// delDev returns once the id is free, which takes until the last descriptor of
// both nodes is closed.
func delDev(ctx context.Context, id int) error {
	c := command{name: "DEL_DEV", op: uapi.UBLK_U_CMD_DEL_DEV, id: id, lone: true}
	return c.run(ctx)
}

// queueAffinity returns the CPUs whose requests go to a queue.
func queueAffinity(ctx context.Context, id, queue int) (*unix.CPUSet, error) {
	cpus := &unix.CPUSet{}
	c := command{name: "GET_QUEUE_AFFINITY", op: uapi.UBLK_U_CMD_GET_QUEUE_AFFINITY, id: id, data: uint64(queue),
		buf: unsafe.Pointer(cpus), len: int(unsafe.Sizeof(*cpus))}
	return cpus, c.run(ctx)
}

func startRecovery(ctx context.Context, id int) error {
	c := command{name: "START_USER_RECOVERY", op: uapi.UBLK_U_CMD_START_USER_RECOVERY, id: id, lone: true}
	return c.run(ctx)
}

func endRecovery(ctx context.Context, id int) error {
	c := command{name: "END_USER_RECOVERY", op: uapi.UBLK_U_CMD_END_USER_RECOVERY, id: id,
		data: uint64(os.Getpid()), lone: true}
	return c.run(ctx)
}
