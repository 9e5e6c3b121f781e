package ublk

import (
	"context"
	"fmt"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// uevents is a subscription to the kernel's device events. Without one, in a
// container for instance, waiting polls.
type uevents struct {
	sock *nl.NetlinkSocket // nil when there is no subscription
	buf  []byte
}

// Groups of NETLINK_KOBJECT_UEVENT: the kernel's own, and udev's, which come
// after its rules ran.
const (
	groupKernel = 1
	groupUdev   = 2

	ueventSize = 8 << 10 // bytes, more than the kernel's limit for one event
)

func subscribe() *uevents {
	sock, err := nl.Subscribe(unix.NETLINK_KOBJECT_UEVENT, groupKernel, groupUdev)
	if err != nil {
		return &uevents{}
	}
	return &uevents{sock: sock, buf: make([]byte, ueventSize)}
}

func (u *uevents) close() {
	if u.sock != nil {
		u.sock.Close()
	}
}

// waitBlock waits until the disk's node is there. Any event is only a reason to
// look.
func (u *uevents) waitBlock(ctx context.Context, id int) error {
	for deadline := time.Now().Add(nodeTimeout); !blockReady(id); {
		if time.Now().After(deadline) {
			return fmt.Errorf("ublk device %d: it was started, but %s did not appear: %w", id, blockPath(id), ErrTimeout)
		}
		makeNode(blockPath(id), blockSysfs(id), unix.S_IFBLK)
		if err := u.wait(ctx); err != nil {
			return fmt.Errorf("ublk device %d: waiting for %s: %w", id, blockPath(id), err)
		}
	}
	return nil
}

// wait returns after an event, or after nodePoll.
func (u *uevents) wait(ctx context.Context) error {
	if u.sock == nil {
		return pause(ctx, nodePoll)
	}
	fds := []unix.PollFd{{Fd: int32(u.sock.GetFd()), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, int(nodePoll.Milliseconds())); err == nil && n > 0 {
		_, _, _ = unix.Recvfrom(u.sock.GetFd(), u.buf, unix.MSG_DONTWAIT)
	}
	return context.Cause(ctx)
}
