package seen

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestRecord(t *testing.T) {
	d := Dir(filepath.Join(t.TempDir(), "deep", "state"))
	a := Cache{UUID: uuid.New(), Path: "/dev/fast", Epoch: 3, Generation: 22, Disks: []Disk{{5, "myLV", 1 << 63}}}
	b := Cache{UUID: uuid.New(), Path: "/var/cache.img", Epoch: 1, Generation: 4}
	if c, err := d.Load(a.UUID); c != nil || err != nil || len(d.All()) != 0 {
		t.Errorf("before anything was seen: %+v, %v", c, err)
	}
	for _, c := range []Cache{a, b, a} {
		if err := d.Store(c); err != nil {
			t.Fatal(err)
		}
	}
	a.Generation++
	if err := d.Store(a); err != nil {
		t.Fatal(err)
	}
	if c, err := d.Load(a.UUID); err != nil || !reflect.DeepEqual(*c, a) {
		t.Errorf("got %+v, %v; want %+v", c, err, a)
	}
	if all := d.All(); len(all) != 2 || !slices.ContainsFunc(all, func(c Cache) bool { return reflect.DeepEqual(c, a) }) {
		t.Errorf("all: %+v", all)
	}
	if names, _ := os.ReadDir(string(d)); len(names) != 2 {
		t.Errorf("left behind: %v", names)
	}
	for _, generation := range []uint64{a.Generation + 2, a.Generation} { // what is older does not lower it
		now := a
		now.Generation, now.Disks = generation, []Disk{{6, "unseen", 0}}
		if err := d.GiveUp(now, 5); err != nil {
			t.Fatal(err)
		}
		want := a
		want.Generation, want.Disks = a.Generation+2, []Disk{}
		if c, err := d.Load(a.UUID); err != nil || !reflect.DeepEqual(*c, want) {
			t.Errorf("given up: %+v, %v; want %+v", c, err, want)
		}
	}
	fresh := Cache{UUID: uuid.New(), Path: "/dev/new", Generation: 9, Disks: []Disk{{5, "gone", 0}, {6, "kept", 0}}}
	if err := d.GiveUp(fresh, 5); err != nil {
		t.Fatal(err)
	}
	fresh.Disks = fresh.Disks[1:]
	if c, err := d.Load(fresh.UUID); err != nil || !reflect.DeepEqual(*c, fresh) || d.Remove(fresh.UUID) != nil {
		t.Errorf("of a cache that was never seen: %+v, %v; want %+v", c, err, fresh)
	}
	for range 2 {
		if err := d.Remove(a.UUID); err != nil || len(d.All()) != 1 {
			t.Errorf("removed: %v; all: %+v", err, d.All())
		}
	}
}

// What is there already stays as it is, and what cannot be read is said.
func TestRecordOfOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	d, id := Dir(dir), uuid.New()
	for _, text := range []string{"", "{}", "no JSON"} {
		if err := os.WriteFile(d.File(id), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := d.Load(id); err == nil {
			t.Errorf("%q: %+v", text, c)
		}
		if bad := d.Bad(); len(bad) != 1 || len(d.All()) != 0 {
			t.Errorf("%q: bad %v, all %v", text, bad, d.All())
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Store(Cache{UUID: id}); err != nil {
		t.Fatal(err)
	}
	if all := d.All(); len(all) != 1 {
		t.Errorf("all: %+v", all)
	}
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("the directory is now %v, %v", st.Mode(), err)
	}
	if err := Dir(filepath.Join(dir, "notes.txt")).Store(Cache{UUID: id}); err == nil {
		t.Error("a file is taken for a directory")
	}
}

// Whose data went to another disk outlives what else is noted of the cache,
// until that disk is settled.
func TestMoved(t *testing.T) {
	d, id := Dir(t.TempDir()), uuid.New()
	if err := d.Move(id, Moved{Disk{5, "myLV", 77}, "/dev/copy"}); err != nil || len(d.All()) != 0 {
		t.Errorf("of a cache that was never seen: %v", err)
	}
	moved := func() []Moved {
		c, err := d.Load(id)
		if err != nil || c == nil {
			t.Fatalf("%+v, %v", c, err)
		}
		return c.Moved
	}
	for _, do := range []func() error{
		func() error { return d.Note(Cache{UUID: id}) },
		func() error { return d.Move(id, Moved{Disk{5, "myLV", 77}, "/dev/copy"}) },
		func() error { return d.Move(id, Moved{Disk{5, "myLV", 77}, "/dev/other"}) },
		func() error { return d.Note(Cache{UUID: id, Epoch: 2}) },
		func() error { return d.Settle([]uint64{76}) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if m := moved(); len(m) != 1 || m[0].To != "/dev/other" || m[0].Fingerprint != 77 {
		t.Errorf("moved: %+v", m)
	}
	if err := d.Settle([]uint64{1, 77}); err != nil || len(moved()) != 0 {
		t.Errorf("settled: %v, %+v", err, moved())
	}
}
