package ublk

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
)

// Device is one ublk device that this process serves.
type Device struct {
	id         int
	cfg        Config // as the kernel granted it
	handler    Handler
	recovering bool // taken over: the kernel has the disk already

	mu     sync.Mutex // serialises Start and Stop
	state  state
	charFD int // /dev/ublkcN, -1 when closed

	endMu   sync.Mutex    // guards what follows, briefly: queues take it
	queues  []*Queue      // set once, by Start
	serving int           // queues whose goroutine has not ended
	err     error         // the first failure of a queue
	first   chan struct{} // closed when the first queue has ended
	done    chan struct{} // closed when the last queue has ended
}

// state is where a device is in its life.
type state uint8

const (
	stateMade    state = iota // known to the kernel, no queues
	stateRunning              // queues serve
	stateStopped              // the kernel has stopped it; it remains to be deleted
	stateGone
)

// New makes a device known to the kernel. Its id is then fixed, and nothing
// else can be seen of it before Start. Either way it has to be given back with
// Stop.
func New(ctx context.Context, c Config, h Handler) (*Device, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	features, err := ProbeFeatures(ctx)
	if err != nil {
		return nil, err
	}
	info := c.info(features)
	if err := addDev(ctx, info); err != nil {
		return nil, err
	}
	d := newDevice(int(info.DevID), h)
	d.cfg = granted(c, info)
	if err := d.configure(ctx, info); err != nil {
		return nil, errors.Join(err, delDev(context.WithoutCancel(ctx), d.id))
	}
	return d, nil
}

func newDevice(id int, h Handler) *Device {
	return &Device{id: id, handler: h, charFD: -1, first: make(chan struct{}), done: make(chan struct{})}
}

// granted is c with the numbers that the kernel has settled for.
func granted(c Config, info *uapi.UblksrvCtrlDevInfo) Config {
	c.ID = int(info.DevID)
	c.Queues, c.Depth = int(info.NrHwQueues), int(info.QueueDepth)
	c.MaxIOBytes = int(info.MaxIOBufBytes)
	return c
}

func (d *Device) configure(ctx context.Context, info *uapi.UblksrvCtrlDevInfo) error {
	if d.cfg.Recovery && info.Flags&recoveryFlags != recoveryFlags {
		return fmt.Errorf("ublk device %d: this kernel offers no recovery (flags %#x)", d.id, info.Flags)
	}
	if d.cfg.UserCopy && info.Flags&uapi.UBLK_F_USER_COPY == 0 {
		return fmt.Errorf("ublk device %d: this kernel offers no user copy (flags %#x)", d.id, info.Flags)
	}
	return setParams(ctx, d.id, d.cfg.params())
}

// ID returns N of /dev/ublkbN.
func (d *Device) ID() int { return d.id }

// Config returns the configuration in effect, defaults filled in and limits as
// the kernel granted them.
func (d *Device) Config() Config { return d.cfg }

// BlockPath returns the path of the block device, which is there after Start.
func (d *Device) BlockPath() string { return blockPath(d.id) }

// Queue returns one of the queues, for its Wake, and nil before Start. It may
// be called from anywhere, handlers too.
func (d *Device) Queue(i int) *Queue {
	d.endMu.Lock()
	defer d.endMu.Unlock()
	if i >= len(d.queues) {
		return nil
	}
	return d.queues[i]
}

// Done is closed when no queue serves any more: after Stop, or because the
// kernel has ended the device. Err then says whether something went wrong.
func (d *Device) Done() <-chan struct{} { return d.done }

// Err returns the first failure of a queue.
func (d *Device) Err() error {
	d.endMu.Lock()
	defer d.endMu.Unlock()
	return d.err
}
