package ublk

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	controlPath = "/dev/ublk-control"

	// commandTimeout bounds a command whose context has no earlier deadline.
	commandTimeout = 30 * time.Second
	// commandPoll is how often a waiting command looks whether its context was
	// cancelled.
	commandPoll = 100 * time.Millisecond
	// commandBuffer is the size in bytes of the buffer of a command, one page.
	commandBuffer = 4096

	noQueue = 0xffff
)

// serial admits one command that adds, starts, stops or deletes a device.
// Running those in parallel, for different devices, is what makes some kernels
// lose the wake-up of a control command.
var serial = make(chan struct{}, 1)

// command is one control command.
type command struct {
	name string // as in the kernel, without UBLK_U_CMD_
	op   uint32
	id   int            // device, -1 for none
	data uint64         // inline argument
	buf  unsafe.Pointer // argument and answer, copied to and from memory that stays in place
	len  int            // bytes at buf
	lone bool           // one at a time in this process
}

// run sends the command and waits for its answer. Each command has a ring and a
// page of its own: one that the kernel never answers then holds up none after
// it.
func (c *command) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if c.lone {
		select {
		case serial <- struct{}{}:
			defer func() { <-serial }()
		case <-ctx.Done():
			return c.abandoned(ctx)
		}
	}
	fd, err := openControl()
	if err != nil {
		return fmt.Errorf("ublk %s: %w", c.name, err)
	}
	defer unix.Close(fd)
	ring, err := uring.New(uring.Config{Entries: 2, Wide: true, AnyThread: true})
	if err != nil {
		return fmt.Errorf("ublk %s: %w", c.name, err)
	}
	defer ring.Close()
	page, err := mem.Alloc(commandBuffer)
	if err != nil {
		return fmt.Errorf("ublk %s: %w", c.name, err)
	}
	arg := unsafe.Slice((*byte)(c.buf), c.len)
	copy(page, arg)
	c.prepare(ring.GetSQE(), fd, page)
	answered, err := c.wait(ctx, ring)
	if !answered {
		// The kernel may yet write to the page. It stays mapped: better a page
		// lost than memory overwritten.
		return err
	}
	if err == nil {
		copy(arg, page)
	}
	return errors.Join(err, mem.Free(page))
}

func (c *command) prepare(sqe *uring.SQE, fd int, page []byte) {
	sqe.PrepURingCmd(fd, c.op)
	cmd := (*uapi.UblksrvCtrlCmd)(sqe.Cmd())
	cmd.DevID = uint32(c.id) // -1 becomes the kernel's "any"
	cmd.QueueID = noQueue
	cmd.Data[0] = c.data
	if c.len > 0 {
		cmd.Addr = uint64(uintptr(unsafe.Pointer(&page[0])))
		cmd.Len = uint16(c.len)
	}
}

// wait returns the command's own result, or that it was not answered in time.
func (c *command) wait(ctx context.Context, ring *uring.Ring) (answered bool, err error) {
	for {
		if err := ring.SubmitAndWait(1, commandPoll); err != nil {
			return false, fmt.Errorf("ublk %s: %w", c.name, err)
		}
		if cqe, ok := ring.Peek(); ok {
			if cqe.Res < 0 {
				return true, controlError(c.name, c.id, unix.Errno(-cqe.Res))
			}
			return true, nil
		}
		if ctx.Err() != nil {
			return false, c.abandoned(ctx)
		}
	}
}

func (c *command) abandoned(ctx context.Context) error {
	err := controlError(c.name, c.id, unix.ETIMEDOUT)
	if cause := context.Cause(ctx); !errors.Is(cause, context.DeadlineExceeded) {
		return fmt.Errorf("%w (%w)", err, cause)
	}
	return err
}

func openControl() (int, error) {
	fd, err := unix.Open(controlPath, unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return -1, fmt.Errorf("open %s: %w: %w", controlPath, err, ErrNoModule)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return -1, fmt.Errorf("open %s: %w: %w", controlPath, err, ErrNotPermitted)
	}
	return -1, fmt.Errorf("open %s: %w", controlPath, err)
}
