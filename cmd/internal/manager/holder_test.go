package manager

import (
	"crypto/sha256"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// holding makes a cache whose log holds a block for a backing that was attached
// as device id: what a crash leaves.
func holding(t *testing.T, backing string, id uint8) string {
	t.Helper()
	path := formatted(t)
	managertest.Hold(t, path, backing, id)
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

// A backing that a log holds data for is not shown until it is attached to that
// log.
func TestBackingWaitsForItsLog(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.mustResume(t, 3, holding(t, backing, 5))
	m.mustResume(t, 4, formatted(t))
	if l := m.List().Caches[0]; l.DirtyBlocks != 1 {
		t.Fatalf("%d dirty blocks, want 1", l.DirtyBlocks)
	}
	refused(t, m, control.Mismatch, "as device 5 (myLV, 8.0 MiB); `lc create myLV 5 ", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 6, Path: backing}, quiet)
		return err
	})
	m.mustCreate(t, "myLV", 5, backing)
	if l := m.List().Devices[0]; l.State != control.DeviceWaiting || l.WaitsFor != 3 || l.Node != "" || l.DirtyBlocks != 1 {
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
		_, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet)
		return err
	})
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet); err != nil {
		t.Error(err)
	}
}

// A disk that is smaller now than what the log holds data for is refused; one
// that has grown is not.
func TestResizedBacking(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.mustResume(t, 3, holding(t, backing, 5))
	resize(t, backing, 4<<20)
	refused(t, m, control.Mismatch, "has 8192 sectors now, and 16384 when it was attached", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, quiet)
		return err
	})
	resize(t, backing, 16<<20)
	m.mustCreate(t, "myLV", 5, backing)
	if l := m.List().Devices[0]; l.WaitsFor != 3 {
		t.Errorf("created as %+v", l)
	}
}

func resize(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

// Another disk under the id, or the name, of one that the log holds data for.
func TestAnotherDisk(t *testing.T) {
	m := newManager(t)
	m.mustResume(t, 3, holding(t, disk(t, "backing", 8<<20), 5))
	for _, size := range []int64{8 << 20, 16 << 20} {
		other := disk(t, "other", size)
		for what, a := range map[string]control.CreateArgs{
			"id":   {Name: "another", ID: 5, Path: other},
			"name": {Name: "myLV", ID: 6, Path: other},
		} {
			refused(t, m, control.Mismatch, "holds data of another disk as device 5 (myLV, 8.0 MiB)", func() error {
				_, err := m.Create(t.Context(), a, quiet)
				if err != nil && !strings.Contains(err.Error(), "choose another "+what) {
					t.Errorf("%v: the way out is not named", err)
				}
				return err
			})
		}
		// This log is like one of format version 1: an identity is all that it
		// knows.
		create := func(distinct bool) error {
			_, err := m.Create(t.Context(), control.CreateArgs{Name: "another", ID: 6, Path: other, OtherDisk: distinct}, quiet)
			return err
		}
		if size == 8<<20 {
			refused(t, m, control.Mismatch, "--other-disk", func() error { return create(false) })
		}
		if err := create(true); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Remove(t.Context(), control.IDArgs{ID: 6}, quiet); err != nil {
			t.Fatal(err)
		}
	}
}

// look is a disk as create sees it.
func look(t *testing.T, path string, id uint8, name string) *whose.Disk {
	t.Helper()
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	d, err := whose.Describe(dev, id, name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// asked is what create hears of a cache that is not resumed.
func asked(cache string, d *whose.Disk) error {
	super := superOf(cache)
	if super == nil {
		return nil
	}
	_, err := rule(d, (&foreignCache{path: cache, super: super}).claims(), false)
	return err
}

// A cache that is not resumed is asked as well, and not written to.
func TestStranger(t *testing.T) {
	backing, other := disk(t, "backing", 8<<20), disk(t, "other", 8<<20)
	cache := holding(t, backing, 5)
	before := sum(t, cache)
	for _, c := range []struct {
		disk  string
		id    uint8
		words string // "" = not refused
	}{
		{backing, 5, "`lc resume ID " + cache + "` first"},
		{backing, 6, "and then `lc create any 5 "},
		{other, 5, "holds data of another disk as device 5"},
		{other, 6, "the log is of an earlier version"},
		{disk(t, "larger", 16<<20), 6, ""},
	} {
		err := asked(cache, look(t, c.disk, c.id, "any"))
		if (err != nil) != (c.words != "") || err != nil && (classify.Classify(err).Code != control.Mismatch || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%s as device %d: %v", c.disk, c.id, err)
		}
	}
	for _, path := range []string{formatted(t), disk(t, "blank", 8<<20), "/nonexistent"} {
		if err := asked(path, look(t, backing, 5, "any")); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if sum(t, cache) != before {
		t.Error("the cache was written to")
	}
}

// rebind puts bindings before, or instead of, those of a cache.
func rebind(t *testing.T, path string, change func([]segment.Binding) []segment.Binding) {
	t.Helper()
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	super.Bindings = change(super.Bindings)
	buf, err := mem.Alloc(segment.MaxSuperSize)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	for range 2 {
		super.Generation++
		if _, err := dev.WriteAt(segment.AppendSuper(buf[:0], super), segment.SuperOffset(super.Generation)); err != nil {
			t.Fatal(err)
		}
	}
}

// former puts a detached binding of the same disk under another id before all
// others.
func former(id uint8) func([]segment.Binding) []segment.Binding {
	return func(all []segment.Binding) []segment.Binding {
		b := all[0]
		b.ID, b.State, b.Name = id, segment.Detached, "oldLV"
		return append([]segment.Binding{b}, all...)
	}
}

// A disk that had another id once waits for the data that the log holds of it
// under its present one.
func TestRebound(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 6)
	rebind(t, cache, former(5))
	if err := asked(cache, look(t, backing, 6, "myLV")); err == nil {
		t.Error("a cache that is not resumed and holds data for the disk lets it be created")
	}
	dev, err := blockdev.Open(cache, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	super, err := logcache.ReadSuper(dev)
	if err != nil {
		t.Fatal(err)
	}
	m.mustCreate(t, "early", 9, backing)
	if err := m.checkExposed(dev, super); err == nil {
		t.Error("a log with data for a disk that is shown without it may be resumed")
	}
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: 9}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 6, backing)
	if l := m.List().Devices[0]; l.State != control.DeviceWaiting || l.WaitsFor != 3 {
		t.Errorf("the log holds data for it, and it is shown as %+v", l)
	}
}

// write writes a block to an attached device, and waits for it.
func (m *Manager) write(t *testing.T, id uint8) {
	t.Helper()
	buf, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	r := &logcache.Request{Op: logcache.Write, LBA: 64, Sectors: 8, Buf: buf, Volume: m.devices[id].host.Volume()}
	c := m.devices[id].host.Cache()
	c.Core().Background().Do(func(p *logcache.Port) { p.Submit(r) })
	for end := time.Now().Add(10 * time.Second); c.Core().DirtyBlocks(id) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the write is not in the log")
		}
	}
}

// The same by commands alone: an id, attached, detached and removed; another
// one over the same disk, written to; a restart.
func TestReboundByCommands(t *testing.T) {
	m := newManager(t)
	cache, backing := formatted(t), disk(t, "backing", 8<<20)
	m.mustResume(t, 3, cache)
	use := func(id int) {
		m.mustCreate(t, "myLV", id, backing)
		if _, err := m.Attach(t.Context(), control.AttachArgs{Device: id, Cache: 3}, quiet); err != nil && m.List().Devices[0].CacheID != 3 {
			t.Fatal(err)
		}
	}
	use(5)
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	use(6)
	if b := m.caches[3].host.Core().Bound(); len(b) != 1 || b[0].ID != 6 {
		t.Errorf("the disk is bound as %+v", b)
	}
	m.write(t, 6)
	if _, err := m.Shutdown(t.Context(), control.ShutdownArgs{}, quiet); err != nil {
		t.Fatal(err)
	}
	m = newManager(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 6, backing)
	if l := m.List().Devices[0]; l.State != control.DeviceWaiting {
		t.Errorf("the device is shown as %q though the log holds data for it", l.State)
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
	if err := m.checkExposed(dev, super); err == nil || classify.Classify(err).Code != control.Mismatch {
		t.Errorf("got %v", err)
	}
	if sum(t, cache) != before {
		t.Error("the cache was written to")
	}
}
