package server

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"golang.org/x/sys/unix"
)

// slowLook is after how long a disk that does not answer is named to the user.
const slowLook = 2 * time.Second

// checkStrangers refuses a backing for which a cache that is not resumed holds data. It looks at every disk of the host.
func checkStrangers(ctx context.Context, want segment.Binding, ours map[uint64]bool, report reporter) error {
	names, err := os.ReadDir("/sys/class/block")
	if err != nil {
		return control.Errorf(control.Failed, "list the disks of this host: %w", err)
	}
	for _, n := range names {
		if strings.HasPrefix(n.Name(), "ublkb") { // caches do not lie on our own devices, and one that hangs would hold us up
			continue
		}
		path := "/dev/" + strings.ReplaceAll(n.Name(), "!", "/")
		var st unix.Stat_t
		if unix.Stat(path, &st) != nil || ours[st.Rdev] {
			continue
		}
		if err := askStranger(ctx, path, want, report); err != nil {
			return err
		}
	}
	return nil
}

// askStranger looks at one disk. A disk that does not answer holds the command up, not the server.
func askStranger(ctx context.Context, path string, want segment.Binding, report reporter) error {
	answer := make(chan error, 1)
	go func() { answer <- stranger(path, want) }()
	for {
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return control.Errorf(control.Interrupted, "interrupted while %s was asked whether it holds data for the backing; nothing was done", path)
		case <-time.After(slowLook):
			report.say("waiting for %s to tell whether it holds data for the backing", path)
		}
	}
}

// stranger tells whether a disk is a cache that holds data for a backing. A disk that cannot be read is no such cache:
// it could not be resumed either.
func stranger(path string, want segment.Binding) error {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return nil
	}
	defer dev.Close()
	if dev.Size() == 0 {
		return nil
	}
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		return nil
	}
	b := matchBinding(super.Bindings, want)
	if b == nil || b.State != segment.Attached {
		return nil
	}
	held, err := heldExtents(dev, super)
	if err == nil && held[b.ID] == 0 {
		return nil
	}
	return control.Errorf(control.Mismatch, "%s, a cache that is not resumed, holds data for this backing as device %d (%s); `lc resume ID %s` first", path, b.ID, b.Name, path)
}

// ourNumbers are the disks that this server has open.
func (m *Manager) ourNumbers() map[uint64]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	ours := map[uint64]bool{}
	add := func(path string) {
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFBLK {
			ours[st.Rdev] = true
		}
	}
	for _, c := range m.caches {
		add(c.path)
	}
	for _, d := range m.devices {
		add(d.path)
	}
	return ours
}
