package server

import (
	"crypto/sha256"
	"os"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
)

// holding makes a cache whose log holds a block for a backing that was attached as device id: what a crash leaves.
func holding(t *testing.T, backing string, id uint8) string {
	t.Helper()
	back, err := blockdev.Open(backing, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	b := describe(back, id, "myLV")
	b.State = segment.Attached
	if err := back.Close(); err != nil {
		t.Fatal(err)
	}
	path := formatted(t)
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	super.Generation++
	super.Epoch++
	super.Clean = false
	super.Bindings = []segment.Binding{b}
	mem, err := uring.AllocPages(64 << 10)
	if err != nil {
		t.Fatal(err)
	}
	defer uring.FreePages(mem)
	put := func(image []byte, at int64) {
		t.Helper()
		if _, err := dev.WriteAt(image, at); err != nil {
			t.Fatal(err)
		}
	}
	put(segment.AppendSuper(mem[:0], super), segment.SuperOffset(super.Generation))
	clear(mem)
	record := mem[:8192] // a header and a block, 4 KiB each
	segment.PutExtent(record, 0, segment.Extent{Device: id, Kind: segment.Data, LBA: 64, Sectors: 8})
	segment.SealRecord(record, &segment.Header{Nonce: super.Nonce, Epoch: super.Epoch, Segment: 1, Seq: 1, PayloadSectors: 8, HeaderSectors: 8, Extents: 1}, nil)
	put(record, super.Geometry.SlotOffset(0))
	return path
}

func sum(t *testing.T, path string) [32]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

// A backing that a log holds data for is not shown until it is attached to that log.
func TestBackingWaitsForItsLog(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.mustResume(t, 3, holding(t, backing, 5))
	m.mustResume(t, 4, formatted(t))
	if l := m.List().Caches[0]; l.DirtyBlocks != 1 {
		t.Fatalf("%d dirty blocks, want 1", l.DirtyBlocks)
	}
	refused(t, m, control.Mismatch, "as device 5; `lc create myLV 5 ", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 6, Path: backing}, quiet)
		return err
	})
	m.mustCreate(t, "myLV", 5, backing)
	if l := m.List().Devices[0]; l.State != control.StateWaiting || l.WaitsFor != 3 || l.Node != "" {
		t.Errorf("created as %+v", l)
	}
	refused(t, m, control.Mismatch, "`lc attach 5 3` instead", func() error {
		_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 4}, quiet)
		return err
	})
	refused(t, m, control.Busy, "device 5 waits for it", func() error {
		_, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet)
		return err
	})
	refused(t, m, control.NotAttached, "not attached", func() error {
		_, err := m.Detach(t.Context(), control.IDArgs{ID: 5}, quiet)
		return err
	})
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet); err != nil {
		t.Error(err)
	}
}

// A disk that has another size now is not what the log holds data for.
func TestResizedBacking(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.mustResume(t, 3, holding(t, backing, 5))
	for _, size := range []int64{4 << 20, 16 << 20} {
		if err := os.Truncate(backing, size); err != nil {
			t.Fatal(err)
		}
		refused(t, m, control.Mismatch, "and 16384 when it was attached to cache 3", func() error {
			_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, quiet)
			return err
		})
	}
}

// Another disk under the id of one that the log holds data for.
func TestAttachAnotherDisk(t *testing.T) {
	m := newManager(t)
	m.mustResume(t, 3, holding(t, disk(t, "backing", 8<<20), 5))
	for _, size := range []int64{8 << 20, 16 << 20} {
		other := disk(t, "other", size)
		m.mustCreate(t, "myLV", 5, other)
		refused(t, m, control.Mismatch, "nothing was changed", func() error {
			_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet)
			return err
		})
		if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
			t.Fatal(err)
		}
	}
}

// A cache that is not resumed is asked as well, and not written to.
func TestStranger(t *testing.T) {
	backing, other := disk(t, "backing", 8<<20), disk(t, "other", 8<<20)
	cache := holding(t, backing, 5)
	before := sum(t, cache)
	for _, c := range []struct {
		disk    string
		id      uint8
		refused bool
	}{{backing, 5, true}, {backing, 6, true}, {other, 5, false}} {
		dev, err := blockdev.Open(c.disk, blockdev.OpenOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		want := describe(dev, c.id, "any")
		if err := dev.Close(); err != nil {
			t.Fatal(err)
		}
		err = askStranger(t.Context(), cache, want, quiet)
		if (err != nil) != c.refused || err != nil && control.Classify(err).Code != control.Mismatch {
			t.Errorf("%s as device %d: %v", c.disk, c.id, err)
		}
	}
	for _, path := range []string{formatted(t), disk(t, "blank", 8<<20), "/nonexistent"} {
		if err := askStranger(t.Context(), path, segment.Binding{ID: 5}, quiet); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if sum(t, cache) != before {
		t.Error("the cache was written to")
	}
}

// A log is not brought in over a backing that is in use without it.
func TestExposedBacking(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	dev, err := blockdev.Open(cache, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	m.mustCreate(t, "myLV", 5, backing)
	before := sum(t, cache)
	if err := m.checkExposed(dev, super); err == nil || control.Classify(err).Code != control.Mismatch {
		t.Errorf("got %v", err)
	}
	if sum(t, cache) != before {
		t.Error("the cache was written to")
	}
}
