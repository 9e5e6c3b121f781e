package manager

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// formattedFor makes a cache that works in blocks of 4096 bytes, as on an SSD
// that has such.
func formattedFor(t *testing.T, block uint32) string {
	t.Helper()
	path := disk(t, "ssd", 32<<20)
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	id := uuid.New()
	o := logcache.FormatOptions{DeviceSize: dev.Size(), BlockSize: block, UUID: id, Nonce: binary.LittleEndian.Uint64(id[:])}
	if _, err := logcache.Format(dev, o); err != nil {
		t.Fatal(err)
	}
	return path
}

// disk512 is a disk with blocks of 512 bytes.
func disk512(t *testing.T, size int64) string {
	t.Helper()
	path := kit.Disk(t, "hdd", size)
	kit.Need(t, kit.Direct(filepath.Dir(path), 512))
	return path
}

func (m *Manager) createIn(t *testing.T, id int, path string, block int) ([]string, error) {
	t.Helper()
	var said []string
	_, err := m.Create(t.Context(), control.CreateArgs{Name: fmt.Sprintf("d%d", id), ID: id, Path: path, LogicalBlock: block}, func(p control.Progress) { said = append(said, p.Text) })
	return said, err
}

// A cache with large blocks serves no device with small ones: that is said at
// create, with both ways on.
func TestBlocksThatNoCacheServes(t *testing.T) {
	m := newManager(t)
	m.mustResume(t, 3, formattedFor(t, 4096))
	hdd := disk512(t, 64<<20)
	refused(t, m, control.Mismatch, "cache 3 works in blocks of 4096. Add --logical-block 4096 for a device that it can serve, or --logical-block 512", func() error {
		_, err := m.createIn(t, 5, hdd, 0)
		return err
	})
	refused(t, m, control.BadValue, "neither 512 nor 4096", func() error {
		_, err := m.createIn(t, 5, hdd, 1024)
		return err
	})
	if _, err := m.createIn(t, 5, hdd, 4096); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet); m.devices[5].host.Cache() == nil { // with or without a node
		t.Errorf("what was advised does not work: %v", err)
	}
	if _, err := m.createIn(t, 6, disk512(t, 64<<20), 512); err != nil {
		t.Fatal(err)
	}
	refused(t, m, control.Mismatch, "--logical-block 4096` makes one that it can serve", func() error {
		_, err := m.Attach(t.Context(), control.AttachArgs{Device: 6, Cache: 3}, quiet)
		return err
	})
	m.mustResume(t, 4, formattedFor(t, 512)) // then there is one that serves it
	if _, err := m.createIn(t, 7, disk512(t, 64<<20), 0); err != nil {
		t.Error(err)
	}
}

// loop4k is a disk with blocks of 4096 bytes, over a file.
func loop4k(t *testing.T, file string) string {
	t.Helper()
	return kit.LoopDevice(t, file, "--sector-size", "4096")
}

// A disk with blocks of 4096 bytes has no smaller ones, and an image made for
// smaller ones may not be readable on it.
func TestDiskWithLargeBlocks(t *testing.T) {
	m := newManager(t)
	file := disk(t, "hdd", 512<<20)
	warns := false
	if _, err := exec.LookPath("mkfs.xfs"); err == nil {
		if out, err := exec.Command("mkfs.xfs", "-q", "-s", "size=512", file).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		warns = true
	}
	hdd := loop4k(t, file)
	t.Cleanup(func() { // before the loop device is taken off
		if _, err := m.Remove(context.Background(), control.IDArgs{ID: 5}, quiet); err != nil {
			t.Error(err)
		}
	})
	refused(t, m, control.BadValue, "takes I/O in blocks of 4096 bytes, so a device over it cannot have blocks of 512; leave --logical-block out", func() error {
		_, err := m.createIn(t, 5, hdd, 512)
		return err
	})
	said, err := m.createIn(t, 5, hdd, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.devices[5].host.LogicalBlock(); got != 4096 {
		t.Errorf("logical block %d", got)
	}
	if got := strings.Contains(strings.Join(said, ";"), "XFS made for blocks of 512 bytes; on device 5, whose blocks have 4096"); got != warns {
		t.Errorf("said %q", said)
	}
}

func TestSizes(t *testing.T) {
	m := newManager(t)
	odd := disk512(t, 64<<20+3*512)
	if _, err := m.createIn(t, 5, odd, 0); err != nil {
		t.Fatal(err)
	}
	if got := m.devices[5].host.Volume().Sectors; got != 64<<11+3 {
		t.Errorf("%d sectors of %d", got, 64<<11+3)
	}
	for _, c := range []struct {
		path  string
		block int
		words string
	}{
		{disk512(t, 64<<20+3*512), 4096, "has 67110400 bytes, which is no multiple of the device's logical block of 4096: --logical-block 512 takes it as it is, or `truncate -s 67112960 "},
		{disk512(t, 64<<20+100), 0, "has 67108964 bytes, which is no multiple of the device's logical block of 512: `truncate -s 67109376 "},
		{disk512(t, 0), 0, "has 0 bytes, which is less than one block of 512"},
		{disk512(t, 512), 4096, "has 512 bytes, which is less than one block of 4096"},
	} {
		refused(t, m, control.BadValue, c.words, func() error {
			_, err := m.createIn(t, 6, c.path, c.block)
			return err
		})
	}
}

// TestLargestBacking: on what holds so much sparsely.
func TestLargestBacking(t *testing.T) {
	dir := os.Getenv("LC_SPARSE")
	if dir == "" {
		dir = "/dev/shm"
	}
	kit.Need(t, kit.Direct(dir, 4096))
	path := filepath.Join(dir, fmt.Sprintf("lc-test-%d", os.Getpid()))
	t.Cleanup(func() { os.Remove(path) })
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 8<<50+4096)); err != nil {
		t.Fatal(err)
	}
	m := newManager(t)
	refused(t, m, control.BadValue, "has 9007199254745088 bytes; a device has at most 9007199254740992 (8 PiB)", func() error {
		_, err := m.createIn(t, 6, path, 0)
		return err
	})
	if err := os.Truncate(path, 8<<50); err != nil {
		t.Fatal(err)
	}
	if _, err := m.createIn(t, 6, path, 0); err != nil {
		t.Errorf("of exactly 8 PiB: %v", err)
	}
}

// What is on the disk may be made for other blocks.
func TestContentForOtherBlocks(t *testing.T) {
	for _, c := range []struct {
		sector, block int
		warns         bool
	}{{512, 4096, true}, {4096, 4096, false}, {512, 0, false}} {
		m := newManager(t)
		path := disk512(t, 512<<20)
		kit.Run(t, "mkfs.xfs", "-q", "-s", fmt.Sprintf("size=%d", c.sector), path)
		said, err := m.createIn(t, 5, path, c.block)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(strings.Join(said, ";"), "XFS made for blocks of 512 bytes; on device 5, whose blocks have 4096"); got != c.warns {
			t.Errorf("%+v: said %q", c, said)
		}
	}
}

// The way out that create names for an old cache.
func TestOldCacheBecomesABacking(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	refused(t, m, control.HasContent, "lc wipe-cache "+path, func() error {
		_, err := m.createIn(t, 5, path, 0)
		return err
	})
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := logcache.Wipe(dev, dev.Size()); err != nil {
		t.Fatal(err)
	}
	if err := dev.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.createIn(t, 5, path, 0); err != nil {
		t.Error(err)
	}
}

// What an earlier version left of a disk's former life is told at resume.
func TestOldSignatures(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("_BHRfS_M"), 0x10040); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var said []string
	if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: path}, func(p control.Progress) { said = append(said, p.Text) }); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(said, ";"); !strings.Contains(all, "are on it (btrfs)") || !strings.Contains(all, "wipefs -o OFFSET "+path) {
		t.Errorf("said %q", said)
	}
}
