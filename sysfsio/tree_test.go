package sysfsio

import (
	"encoding/json"
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
	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

var update = flag.Bool("update", false, "write the golden file anew")

// The tree is an interface that scripts lean on. If this fails, that is what
// has changed.
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
		if f.Type.Unit() != "" {
			fmt.Fprintf(&b, " %s", f.Type.Unit())
		}
		if f.Mode.Writable() {
			fmt.Fprintf(&b, " [%s]", f.Type.Range())
		}
		fmt.Fprintf(&b, "\n    %s\n", f.Doc)
	}
	golden(t, "testdata/tree.golden", b.String())
}

// golden compares with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is what scripts lean on, and has changed; go test -update writes it anew (-want +got):\n%s", file, diff)
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

// ends are the ends of a type's range, as they are shown, and what lies beyond.
func ends(t Type) (within, beyond []string) {
	low, high := int64(0), int64(1)
	switch t := t.(type) {
	case Integer:
		low, high = t.Min, t.Max
	case Bytes:
		low, high = t.Min, t.Max
	case Duration:
		low, high = int64(t.Min/t.In), int64(t.Max/t.In)
	}
	return []string{fmt.Sprint(low), fmt.Sprint(high)}, []string{fmt.Sprint(low - 1), fmt.Sprint(high + 1)}
}

// What is declared as the default is the default, and every attribute takes
// both ends of its range and nothing beyond.
func TestSetWithinRange(t *testing.T) {
	h := newFakeHost()
	files := listed(t, h, "")
	for i := range files {
		f := &files[i]
		if !f.Mode.Writable() {
			if err := f.Set(t.Context(), "1"); !errors.Is(err, ErrMode) {
				t.Errorf("set of read-only %s: %v", f.Path, err)
			}
			continue
		}
		if f.Mode == ReadWrite && shows(t, h, f.Path) != f.Default {
			t.Errorf("%s is %s at first, and its default is %s", f.Path, shows(t, h, f.Path), f.Default)
		}
		within, beyond := ends(f.Type)
		for _, v := range within {
			if err := f.Set(t.Context(), " "+v+"\n"); err != nil {
				t.Errorf("%s: %v", f.Path, err)
			}
			if f.Mode == ReadWrite && shows(t, h, f.Path) != v {
				t.Errorf("%s: set to %s, shows %s", f.Path, v, shows(t, h, f.Path))
			}
		}
		for _, bad := range append(beyond, "", "x", "1.5", "0x1", "1 1", "1e0", "9999999999999999999") {
			refused(t, f, bad)
		}
		if last := within[1]; f.Mode == ReadWrite && shows(t, h, f.Path) != last {
			t.Errorf("%s: what was refused has changed it from %s to %s", f.Path, last, shows(t, h, f.Path))
		}
	}
}

// refused sets what is not taken; the error says what would be.
func refused(t *testing.T, f *File, bad string) {
	t.Helper()
	err := f.Set(t.Context(), bad)
	if !errors.Is(err, ErrValue) {
		t.Errorf("%s set to %q: %v", f.Path, bad, err)
		return
	}
	for _, part := range []string{f.Path, f.Type.Range(), f.Type.Spellings(), f.Default} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s set to %q: %v; it does not say %q", f.Path, bad, err, part)
		}
	}
}

func listed(t *testing.T, h Host, path string) []File {
	t.Helper()
	files, err := Files(h, path)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func shows(t *testing.T, h Host, path string) string {
	t.Helper()
	f, err := Find(h, path)
	if err != nil {
		t.Fatal(err)
	}
	v, err := f.Show()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What is shown of a setting is taken as it is, also with its unit.
func TestWhatIsShownIsTaken(t *testing.T) {
	h := newFakeHost()
	files := listed(t, h, "")
	for i := range files {
		f := &files[i]
		if f.Mode != ReadWrite {
			continue
		}
		v := shows(t, h, f.Path)
		for _, text := range []string{v, v + f.Type.Unit(), v + " " + f.Type.Unit()} {
			if err := f.Set(t.Context(), text); err != nil || shows(t, h, f.Path) != v {
				t.Errorf("%s: %q is shown, and set to %q it is %q, %v", f.Path, v, text, shows(t, h, f.Path), err)
			}
		}
	}
}

// Reading everything takes one snapshot of each cache and device; setting takes
// none.
func TestOneSnapshot(t *testing.T) {
	h := newFakeHost()
	for _, c := range []struct {
		path           string
		cache, devices int
	}{
		{"", 1, 1}, {"caches", 1, 0}, {"caches/3", 1, 0}, {"caches/3/nr_segments", 1, 0}, {"devices/5", 0, 1},
	} {
		h.cache.snapshots, h.device.snapshots = 0, 0
		for _, f := range listed(t, h, c.path) {
			if f.Mode.Readable() {
				if _, err := f.Show(); err != nil {
					t.Error(err)
				}
			}
		}
		if h.cache.snapshots != c.cache || h.device.snapshots != c.devices {
			t.Errorf("%q: %d snapshots of the cache, %d of the device", c.path, h.cache.snapshots, h.device.snapshots)
		}
	}
	h.cache.snapshots, h.device.snapshots = 0, 0
	for _, f := range listed(t, h, "") {
		if f.Mode == ReadWrite {
			if err := f.Set(t.Context(), f.Default); err != nil {
				t.Error(err)
			}
		}
	}
	if n := h.cache.snapshots + h.device.snapshots; n != 0 {
		t.Errorf("%d snapshots for what was only set", n)
	}
}

// Discarding is refused where nothing comes of it, and only turning it on.
func TestNoDiscard(t *testing.T) {
	h := newFakeHost()
	h.cache.noTrim = true
	f := listed(t, h, "caches/3/discard_slots")[0]
	if err := f.Set(t.Context(), "on"); !errors.Is(err, ErrMode) || h.cache.settings.DiscardSlots {
		t.Errorf("got %v, %v", err, h.cache.settings.DiscardSlots)
	}
	if err := f.Set(t.Context(), "off"); err != nil {
		t.Error(err)
	}
	refused(t, &f, "maybe")
}

// An age that nobody knows is none; one that is known is not shown shorter than
// it is.
func TestOldestAge(t *testing.T) {
	for i := range cacheTable {
		r := &cacheTable[i]
		if r.Name != "oldest_dirty_age" {
			continue
		}
		for age, want := range map[time.Duration]string{pace.Unknown: "", 0: "0", time.Millisecond: "1", time.Second: "1", 61 * time.Second: "61"} {
			s := CacheSnapshot{Pace: pace.State{Snapshot: pace.Snapshot{Age: age}}}
			if got := show(r.value(&s)); got != want {
				t.Errorf("%v is shown as %q, want %q", age, got, want)
			}
		}
	}
}

func TestState(t *testing.T) {
	for words, want := range map[string]string{"": "running", "input/output error": "broken"} {
		s := CacheSnapshot{Log: logcache.Status{Broken: words}}
		if got := s.state(); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

// The values that are sent are what the tree shows, by its names.
func TestValues(t *testing.T) {
	h := newFakeHost()
	values := h.cache.settings.Values()
	sent, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/settings.json", string(sent)+"\n")
	for _, f := range listed(t, h, "caches") {
		if f.Mode != ReadWrite {
			continue
		}
		v, there := values[f.Name]
		if delete(values, f.Name); !there || show(v) != f.Default {
			t.Errorf("%s: %v, want %s", f.Name, v, f.Default)
		}
	}
	if len(values) != 0 {
		t.Errorf("these are no settings: %v", values)
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
