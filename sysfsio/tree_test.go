package sysfsio

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
)

var update = flag.Bool("update", false, "write the golden file anew")

// fakeCache is a cache whose settings can be changed.
type fakeCache struct {
	settings Settings
	flushed  int
	commits  int
	fail     error
	noTrim   bool
}

func (c *fakeCache) UUID() string              { return "6ba7b810-9dad-11d1-80b4-00c04fd430c8" }
func (c *fakeCache) Label() string             { return "fast" }
func (c *fakeCache) Path() string              { return "/dev/nvme0n1" }
func (c *fakeCache) Number() string            { return "259:0" }
func (c *fakeCache) CanDiscard() bool          { return !c.noTrim }
func (c *fakeCache) Settings() Settings        { return c.settings }
func (c *fakeCache) Change(f func(*Settings))  { f(&c.settings) }
func (c *fakeCache) Migration() migrate.Status { return migrate.Status{Errors: 2, LastError: "no"} }
func (c *fakeCache) Pace() Pace {
	return Pace{Words: "why not", Rate: 1, Sustained: 2, Admit: 3, OldestAge: 4 * time.Second}
}
func (c *fakeCache) Log() logcache.Status {
	return logcache.Status{Segments: 100, SegmentSize: 1 << 20, CurrentID: 9, LastFlushedID: 8, LastMigratedID: 7, DirtyBlocks: 42, WaitingWrites: 1}
}

func (c *fakeCache) FlushCurrent(context.Context) error {
	c.flushed++
	return c.fail
}

func (c *fakeCache) CommitSuper(context.Context) error {
	c.commits++
	return c.fail
}

func (c *fakeCache) Congestion() Congestion {
	return Congestion{Read: 100 * time.Microsecond, Write: 2 * time.Millisecond, Cutoff: 1 << 19}
}

type fakeDevice struct {
	threshold int
	bypass    logcache.Bypass
}

func (d *fakeDevice) Name() string              { return "myLV" }
func (d *fakeDevice) Node() string              { return "/dev/ublkb0" }
func (d *fakeDevice) Number() string            { return "259:3" }
func (d *fakeDevice) CacheID() uint8            { return 3 }
func (d *fakeDevice) Backing() string           { return "/dev/sdb" }
func (d *fakeDevice) BackingNumber() string     { return "8:16" }
func (d *fakeDevice) Sectors() uint64           { return 2048 }
func (d *fakeDevice) DirtyBlocks() uint64       { return 42 }
func (d *fakeDevice) Errors() uint64            { return 1 }
func (d *fakeDevice) BackingBusy() int          { return 12 }
func (d *fakeDevice) SlowedWrites() uint64      { return 7 }
func (d *fakeDevice) LogicalBlock() uint32      { return 512 }
func (d *fakeDevice) MigrateThreshold() int     { return d.threshold }
func (d *fakeDevice) SetMigrateThreshold(v int) { d.threshold = v }
func (d *fakeDevice) Bypass() (logcache.Bypass, logcache.BypassStatus) {
	return d.bypass, logcache.BypassStatus{SequentialWrites: 1, SequentialBytes: 2, CongestedWrites: 3, CongestedBytes: 4, OccupiedWrites: 5}
}
func (d *fakeDevice) SetBypass(b logcache.Bypass) { d.bypass = b }

type fakeHost struct {
	cache  *fakeCache
	device *fakeDevice
}

func newFakeHost() *fakeHost {
	return &fakeHost{&fakeCache{settings: DefaultSettings()}, &fakeDevice{threshold: DefaultMigrateThreshold}}
}

// Id 4 is listed and gone when it is asked for: that happens.
func (h *fakeHost) CacheIDs() []uint8  { return []uint8{3, 4} }
func (h *fakeHost) DeviceIDs() []uint8 { return []uint8{5} }
func (h *fakeHost) Cache(id uint8) Cache {
	if id != 3 {
		return nil
	}
	return h.cache
}

func (h *fakeHost) Device(id uint8) Device {
	if id != 5 {
		return nil
	}
	return h.device
}

// The tree is an interface that scripts lean on. If this fails, that is what has changed.
func TestTreeGolden(t *testing.T) {
	files, err := Files(newFakeHost(), "")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range files {
		f := &files[i]
		value := "-"
		if f.Mode.Readable() {
			if value, err = f.Show(); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&b, "%v %04o %s = %q", f.Mode, uint16(f.Mode), f.Path, value)
		if f.Unit != "" {
			fmt.Fprintf(&b, " %s", f.Unit)
		}
		if f.Mode.Writable() {
			fmt.Fprintf(&b, " [%s]", f.Range())
		}
		fmt.Fprintf(&b, "\n    %s\n", f.Doc)
	}
	const golden = "testdata/tree.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("the tree has changed; go test -update writes it anew (-want +got):\n%s", diff)
	}
}

func TestTablesAreWhole(t *testing.T) {
	for _, table := range [][]Attribute{CacheAttributes(), DeviceAttributes()} {
		if !slices.IsSortedFunc(table, func(a, b Attribute) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("not sorted by name")
		}
		for _, a := range table {
			if !strings.HasSuffix(a.Doc, ".") {
				t.Errorf("%s: its documentation is no sentence: %q", a.Name, a.Doc)
			}
			if a.Mode == ReadWrite && a.Default == "" {
				t.Errorf("%s: can be changed and has no default", a.Name)
			}
		}
	}
}

// What is declared as the default is the default, and every attribute takes both ends of its range and nothing beyond.
func TestSetWithinRange(t *testing.T) {
	h := newFakeHost()
	files, err := Files(h, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		f := &files[i]
		if !f.Mode.Writable() {
			if err := f.Set(t.Context(), "1"); !errors.Is(err, ErrMode) {
				t.Errorf("set of read-only %s: %v", f.Path, err)
			}
			continue
		}
		if f.Mode == ReadWrite {
			if v, _ := f.Show(); v != f.Default {
				t.Errorf("%s is %s at first, and its default is %s", f.Path, v, f.Default)
			}
		}
		for _, v := range []int{f.Min, f.Max} {
			if err := f.Set(t.Context(), fmt.Sprintf(" %d\n", v)); err != nil {
				t.Errorf("%s: %v", f.Path, err)
			}
			if f.Mode == ReadWrite {
				if got, _ := f.Show(); got != fmt.Sprint(v) {
					t.Errorf("%s: set to %d, shows %s", f.Path, v, got)
				}
			}
		}
		for _, bad := range []string{fmt.Sprint(f.Min - 1), fmt.Sprint(f.Max + 1), "", "x", "1.5"} {
			err := f.Set(t.Context(), bad)
			if !errors.Is(err, ErrValue) || !strings.Contains(err.Error(), f.Range()) {
				t.Errorf("%s set to %q: %v", f.Path, bad, err)
			}
		}
	}
}

func TestActions(t *testing.T) {
	h := newFakeHost()
	for path, count := range map[string]*int{"caches/3/flush_current_buffer": &h.cache.flushed, "caches/3/commit_super_block": &h.cache.commits} {
		f, err := Find(h, "/"+path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Set(t.Context(), "1"); err != nil || *count != 1 {
			t.Errorf("%s: %v, done %d times", path, err, *count)
		}
		if _, err := f.Show(); !errors.Is(err, ErrMode) {
			t.Errorf("show of %s: %v", path, err)
		}
		h.cache.fail = errors.New("disk on fire")
		if err := f.Set(t.Context(), "1"); !errors.Is(err, h.cache.fail) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
		h.cache.fail = nil
	}
}

func TestPaths(t *testing.T) {
	h := newFakeHost()
	for _, c := range []struct {
		path string
		n    int
	}{
		{"", len(cacheTable) + len(deviceTable)}, {"/", len(cacheTable) + len(deviceTable)}, {"caches", len(cacheTable)},
		{"devices/", len(deviceTable)}, {"caches/3", len(cacheTable)}, {"caches/3/label", 1},
	} {
		if files, err := Files(h, c.path); err != nil || len(files) != c.n {
			t.Errorf("%q: %d files, %v; want %d", c.path, len(files), err, c.n)
		}
	}
	for _, path := range []string{"caches/4", "caches/33", "cache", "caches/3/lab", "devices/5/name/x"} {
		if _, err := Files(h, path); !errors.Is(err, ErrNoAttribute) {
			t.Errorf("%q: %v", path, err)
		}
		if _, err := Find(h, path); !errors.Is(err, ErrNoAttribute) {
			t.Errorf("find %q: %v", path, err)
		}
	}
}
