package manager

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// A device goes on over a disk of its identity, under whatever name, and over
// nothing else.
func TestP8ReopenByIdentity(t *testing.T) {
	m := newManager(t)
	prints := map[string][]uint64{}
	m.describe = func(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
		d, err := whose.Describe(dev, id, name)
		if err == nil {
			d.Prints = prints[dev.Path()]
		}
		return d, err
	}
	was, same, other, nobody, small := filled(t, "was"), filled(t, "same"), filled(t, "other"), filled(t, "nobody"), disk(t, "small", 4<<20)
	cache := formatted(t)
	prints[was], prints[same], prints[other], prints[small], prints[cache] = []uint64{7}, []uint64{8, 7}, []uint64{9}, []uint64{7}, []uint64{7}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(was, link); err != nil {
		t.Fatal(err)
	}
	prints[link] = prints[was]
	m.mustCreate(t, "myLV", 5, link)
	reopen := func(path string) func() error {
		return func() error {
			_, err := m.Reopen(t.Context(), control.ReopenArgs{Device: 5, Path: path}, quiet)
			return err
		}
	}
	refused(t, m, control.InUse, "there is nothing to do", reopen(link))
	refused(t, m, control.Mismatch, "its identity is another", reopen(other))
	refused(t, m, control.Mismatch, "nothing tells whether it is the disk", reopen(nobody))
	refused(t, m, control.Mismatch, "give it its size back", reopen(small))
	refused(t, m, control.HasContent, "is formatted as a cache", reopen(cache))
	// The link leads to what has come back, as udev's links do.
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(same, link); err != nil {
		t.Fatal(err)
	}
	prints[link] = prints[same]
	if err := reopen(link)(); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, cache)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); err != nil {
		t.Error(err)
	}
}
