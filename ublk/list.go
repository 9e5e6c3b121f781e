package ublk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
)

// State is what the kernel says of a device.
type State uint16

// Device states; the numbers are the kernel's.
const (
	Dead     = State(uapi.UBLK_S_DEV_DEAD)     // not started yet, or its server is gone
	Live     = State(uapi.UBLK_S_DEV_LIVE)     // served
	Quiesced = State(uapi.UBLK_S_DEV_QUIESCED) // its server is gone, requests wait for Recover
	FailIO   = State(uapi.UBLK_S_DEV_FAIL_IO)  // its server is gone, requests fail until Recover
)

func (s State) String() string {
	switch s {
	case Dead:
		return "dead"
	case Live:
		return "live"
	case Quiesced:
		return "quiesced"
	case FailIO:
		return "fail-io"
	}
	return fmt.Sprintf("state %d", uint16(s))
}

// Info is what the kernel knows of a device, whoever serves it.
type Info struct {
	ID         int
	State      State
	PID        int // of the server, as it gave it
	Queues     int
	Depth      int
	MaxIOBytes int
	Features   Features
	SizeBytes  uint64
}

// Stat asks the kernel about one device.
func Stat(ctx context.Context, id int) (Info, error) {
	info, err := getDevInfo(ctx, id)
	if err != nil {
		return Info{}, err
	}
	p, err := getParams(ctx, id)
	if err != nil {
		return Info{}, err
	}
	return Info{
		ID: int(info.DevID), State: State(info.State), PID: int(info.UblksrvPid),
		Queues: int(info.NrHwQueues), Depth: int(info.QueueDepth), MaxIOBytes: int(info.MaxIOBufBytes),
		Features: Features(info.Flags), SizeBytes: p.Basic.DevSectors * SectorSize,
	}, nil
}

// List returns all ublk devices of this kernel, by id. One that goes away
// meanwhile is left out.
func List(ctx context.Context) ([]Info, error) {
	entries, err := os.ReadDir("/sys/class/ublk-char")
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNoModule
	}
	if err != nil {
		return nil, fmt.Errorf("list ublk devices: %w", err)
	}
	var all []Info
	for _, e := range entries {
		id, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "ublkc"))
		if err != nil {
			continue
		}
		info, err := Stat(ctx, id)
		if errors.Is(err, ErrNoDevice) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b Info) int { return a.ID - b.ID })
	return all, nil
}

// Delete removes a device that no process serves any more. Requests that wait
// in it fail. A live one is refused with ErrBusy: its server is to stop it.
func Delete(ctx context.Context, id int) error {
	info, err := getDevInfo(ctx, id)
	if err != nil {
		return err
	}
	if s := State(info.State); s == Live {
		return fmt.Errorf("ublk device %d: delete: it is %w: process %d serves it", id, ErrBusy, info.UblksrvPid)
	}
	if err := Busy(id); err != nil {
		return err
	}
	if err := stopDev(ctx, id); err != nil && !errors.Is(err, ErrNoDevice) {
		return err
	}
	return remove(ctx, id)
}
