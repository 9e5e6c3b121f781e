package ublk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// nodeTimeout is how long to wait for a node of a device that exists: udev
	// may have to set its rights.
	nodeTimeout = 3 * time.Second
	// nodePoll is how often to look for one, for want of an event.
	nodePoll = 20 * time.Millisecond
)

func blockPath(id int) string  { return fmt.Sprintf("/dev/ublkb%d", id) }
func charPath(id int) string   { return fmt.Sprintf("/dev/ublkc%d", id) }
func blockSysfs(id int) string { return fmt.Sprintf("/sys/block/ublkb%d", id) }
func charSysfs(id int) string  { return fmt.Sprintf("/sys/class/ublk-char/ublkc%d", id) }

// openChar opens the character node, for which this process must be the only one.
func openChar(ctx context.Context, id int) (int, error) {
	path, deadline := charPath(id), time.Now().Add(nodeTimeout)
	for {
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return fd, nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EBUSY):
			return -1, fmt.Errorf("ublk device %d: open %s: another process serves it: %w: %w", id, path, err, ErrBusy)
		case !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EACCES), time.Now().After(deadline):
			return -1, fmt.Errorf("ublk device %d: open %s: %w", id, path, err)
		case errors.Is(err, unix.ENOENT):
			makeNode(path, charSysfs(id), unix.S_IFCHR)
		}
		if err := pause(ctx, nodePoll); err != nil {
			return -1, fmt.Errorf("ublk device %d: open %s: %w", id, path, err)
		}
	}
}

// makeNode makes a device node where no devtmpfs does, as in many containers.
// It leaves a directory that devtmpfs manages alone, and errors to the next
// attempt to open.
func makeNode(path, sysfs string, kind uint32) {
	if devtmpfs() {
		return
	}
	var major, minor uint32
	raw, err := os.ReadFile(sysfs + "/dev")
	if err != nil {
		return
	}
	if _, err := fmt.Sscanf(strings.TrimSpace(string(raw)), "%d:%d", &major, &minor); err != nil {
		return
	}
	_ = unix.Mknod(path, kind|0o600, int(unix.Mkdev(major, minor)))
}

func devtmpfs() bool {
	var fs unix.Statfs_t
	if err := unix.Statfs("/dev", &fs); err != nil || fs.Type != unix.TMPFS_MAGIC {
		return false
	}
	// devtmpfs has the magic of tmpfs; only the mount table tells them apart.
	mounts, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(mounts), " /dev devtmpfs ")
}

// blockReady reports whether the node of the disk is there, and is the disk's
// and not a leftover.
func blockReady(id int) bool {
	var st unix.Stat_t
	if unix.Stat(blockPath(id), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return false
	}
	raw, err := os.ReadFile(blockSysfs(id) + "/dev")
	if err != nil {
		return false
	}
	return strings.TrimSpace(string(raw)) == fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
}

// waitGone waits until the nodes of a deleted device are gone. Those that no
// devtmpfs manages it removes.
func waitGone(ctx context.Context, id int) error {
	for deadline := time.Now().Add(nodeTimeout); ; {
		if !exists(charSysfs(id)) && !exists(blockSysfs(id)) {
			if !devtmpfs() {
				return errors.Join(unlink(charPath(id)), unlink(blockPath(id)))
			}
			if !exists(charPath(id)) && !exists(blockPath(id)) {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("ublk device %d: it was deleted, but its nodes are still there: %w", id, ErrTimeout)
		}
		if err := pause(ctx, nodePoll); err != nil {
			return fmt.Errorf("ublk device %d: waiting for its nodes to go: %w", id, err)
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func unlink(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove node: %w", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
