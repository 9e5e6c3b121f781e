package manager

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

func stamp(epoch, generation uint64) *segment.Super {
	return &segment.Super{UUID: [16]byte{1}, Epoch: epoch, Generation: generation}
}

// Of copies of a cache only the newest counts; of two that were both used, each.
func TestCopies(t *testing.T) {
	other := stamp(1, 1)
	other.UUID = [16]byte{2}
	drained := stamp(3, 22)
	drained.LastMigrated = 7
	for _, c := range []struct {
		name   string
		supers []*segment.Super
		kept   string // by their places
		old    string // place, newer one's place
	}{
		{"one", []*segment.Super{stamp(3, 18)}, "0", ""},
		{"an older one", []*segment.Super{stamp(3, 18), stamp(4, 22)}, "1", "01"},
		{"an older one behind", []*segment.Super{stamp(4, 22), stamp(3, 18)}, "0", "10"},
		{"of the same epoch", []*segment.Super{stamp(3, 22), stamp(3, 18)}, "0", "10"},
		{"alike", []*segment.Super{stamp(3, 18), stamp(3, 18)}, "0", ""},
		{"both used", []*segment.Super{stamp(4, 100), stamp(5, 30)}, "01", ""},
		{"both used as often", []*segment.Super{stamp(3, 22), drained}, "01", ""},
		{"both used, and what they were", []*segment.Super{stamp(4, 100), stamp(3, 18), stamp(5, 30)}, "02", "12"},
		{"of different caches", []*segment.Super{stamp(3, 18), other}, "01", ""},
	} {
		var found []foreignCache
		for i, s := range c.supers {
			found = append(found, foreignCache{path: string(rune('0' + i)), super: s})
		}
		kept, old := current(found)
		var k, o string
		for _, s := range kept {
			k += s.path
		}
		for _, x := range old {
			o += x.path + x.newer
		}
		if k != c.kept || o != c.old {
			t.Errorf("%s: kept %s, old %s; want %s and %s", c.name, k, o, c.kept, c.old)
		}
	}
}

// copied copies a file, and keeps it from being the same disk.
func copied(t *testing.T, path, name string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func (m *Manager) mustFree(t *testing.T, id int) {
	t.Helper()
	if _, err := m.FreeCache(t.Context(), control.IDArgs{ID: id}, quiet); err != nil {
		t.Fatal(err)
	}
}

// An image of the SSD that is older than what this host has seen of it puts old
// data over new: it takes a word.
func TestStaleImage(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	m.mustResume(t, 3, cache)
	m.mustFree(t, 3)
	image := copied(t, cache, "image")
	m.mustResume(t, 3, cache)
	m.mustFree(t, 3)
	if err := os.Rename(image, cache); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"an old copy: this host has had it at epoch 3", "`lc resume ID " + cache + " --accept-stale`", "`lc wipe-cache --force " + cache + "`"} {
		refused(t, m, control.Mismatch, words, func() error {
			_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, quiet)
			return err
		})
	}
	refused(t, m, control.Mismatch, "--accept-stale", func() error {
		_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: cache}, quiet)
		return err
	})
	var said strings.Builder
	if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: cache, AcceptStale: true}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "out of date") {
		t.Errorf("it said %q", said.String())
	}
	m.mustFree(t, 3)
	m.mustResume(t, 3, cache) // it is the one that counts now
}

// The old SSD stays in the machine after it was copied to a larger one: create
// does not lead to it.
func TestOldCopy(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	old := copied(t, cache, "old")
	m.mustResume(t, 3, cache)
	m.mustFree(t, 3)
	m.remember(t, old) // as a disk of the host is found
	var said strings.Builder
	_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, func(p control.Progress) { said.WriteString(p.Text + "\n") })
	if err == nil || !strings.Contains(err.Error(), "`lc resume ID "+cache+"` first") {
		t.Errorf("create: %v", err)
	}
	if !strings.Contains(said.String(), old+" is an older copy of the cache on "+cache+": do not resume it; `lc wipe-cache --force "+old+"`") {
		t.Errorf("it said %q", said.String())
	}
	refused(t, m, control.Mismatch, "`lc resume 4 "+cache+"` instead", func() error {
		_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 4, Path: old}, quiet)
		return err
	})
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	if l := m.List().Devices[0]; l.WaitsFor != 3 {
		t.Errorf("created as %+v", l)
	}
}

// remember makes a file one that this host has had a cache in.
func (m *Manager) remember(t *testing.T, path string) {
	t.Helper()
	if err := m.record.Store(seen.Cache{UUID: [16]byte{9}, Path: path}); err != nil {
		t.Fatal(err)
	}
}

// A cache in a file is found by what this host has seen, also after a crash.
func TestStrangerInAFile(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	m.mustResume(t, 3, cache)
	m.mustFree(t, 3)
	refused(t, m, control.Mismatch, "`lc resume ID "+cache+"` first", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, quiet)
		return err
	})
}

// Without a record there is a warning, and no more.
func TestNoRecord(t *testing.T) {
	m := newManager(t)
	m.record = seen.Dir(filepath.Join(formatted(t), "no directory"))
	var said strings.Builder
	if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: formatted(t)}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "not a directory; an older copy of it will not be known as one") {
		t.Errorf("it said %q", said.String())
	}
}

// What is noted when a cache is let go is what its superblock says.
func TestRecordIsTrue(t *testing.T) {
	m := newManager(t)
	cache := formatted(t)
	for range 3 {
		m.mustResume(t, 3, cache)
		m.mustFree(t, 3)
		dev, err := blockdev.Open(cache, blockdev.OpenOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		super, err := logcache.ReadSuper(dev)
		if err != nil {
			t.Fatal(err)
		}
		if err := dev.Close(); err != nil {
			t.Fatal(err)
		}
		was, err := m.record.Load(super.UUID)
		if err != nil || was == nil || was.Epoch != super.Epoch || was.Generation != super.Generation || was.Path != cache {
			t.Errorf("noted %+v, %v; the superblock has epoch %d, generation %d", was, err, super.Epoch, super.Generation)
		}
	}
}

// A cache that had data of a disk when it was last seen, and that is not there,
// is missed.
func TestAbsentCache(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	away := cache + ".away"
	if err := os.Rename(cache, away); err != nil {
		t.Fatal(err)
	}
	create := func() string {
		var said strings.Builder
		if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
			t.Fatal(err)
		}
		m.mustRemove(t, 5)
		return said.String()
	}
	if said := create(); !strings.Contains(said, "last seen on "+cache+", had data of it as device 5 (myLV), and is not here") {
		t.Errorf("it said %q", said)
	}
	if err := os.Rename(away, cache); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustRemove(t, 5)
	m.mustFree(t, 3)
	if err := os.Remove(cache); err != nil {
		t.Fatal(err)
	}
	if said := create(); said != "" {
		t.Errorf("it has no data of it any more, and it said %q", said)
	}
}

// So is one that had data of a disk without an identity, and one of which only
// an image from before is here.
func TestAbsentCacheIsMissed(t *testing.T) {
	said := func(m *Manager, id int, backing string) string {
		var said strings.Builder
		if _, err := m.Create(t.Context(), control.CreateArgs{Name: "d" + itoa(uint8(id)), ID: id, Path: backing}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
			t.Fatal(err)
		}
		return said.String()
	}
	backing := filled(t, "its content")
	m, cache := dirtied(t, nameless, backing)
	if err := os.Remove(cache); err != nil {
		t.Fatal(err)
	}
	if got := said(m, 5, backing); !strings.Contains(got, "last seen on "+cache+", may have had data of it as device 5 (myLV), and is not here") {
		t.Errorf("without an identity: it said %q", got)
	}
	if got := said(m, 6, filled(t, "another")); strings.Contains(got, "is not here") {
		t.Errorf("of another id: it said %q", got)
	}

	backing = filled(t, "its content")
	m = newManager(t)
	cache = formatted(t)
	image := copied(t, cache, "image")
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "d5", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	m = m.again(t)
	if err := os.Rename(image, cache); err != nil {
		t.Fatal(err)
	}
	if got := said(m, 5, backing); !strings.Contains(got, "had data of it as device 5 (d5), and is not here") {
		t.Errorf("beside an image: it said %q", got)
	}
}

// One that is here and was not asked is not said to be gone.
func TestSkippedCacheIsNotAbsent(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	link := cache + ".link"
	if err := os.Symlink(cache, link); err != nil {
		t.Fatal(err)
	}
	for _, skip := range []string{cache, link} {
		var said strings.Builder
		if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing, SkipDisks: []string{skip}}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
			t.Fatal(err)
		}
		if got := said.String(); !strings.Contains(got, "and is not asked, as --skip-disk says: what is shown may be out of date. If nothing of that is needed, delete") || strings.Contains(got, "not here") {
			t.Errorf("it said %q", got)
		}
		m.mustRemove(t, 5)
	}
}

// A file of the record is left out on demand, as a disk is.
func TestSkipFile(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	m.remember(t, cache)
	refused(t, m, control.Mismatch, "`lc resume ID "+cache+"` first", m.creating(t, "myLV", 5, backing))
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing, SkipDisks: []string{cache}}, quiet); err != nil {
		t.Error(err)
	}
}

// After an old copy was resumed on demand, the newer one comes back: it counts,
// and nobody is told to wipe it. Whether the old one was of the same epoch or
// of an earlier one.
func TestNewerComesBack(t *testing.T) {
	for _, earlier := range []bool{false, true} {
		backing := filled(t, "its content")
		m := newManager(t)
		cache := formatted(t)
		old := ""
		if earlier {
			old = copied(t, cache, "old")
		}
		m.mustResume(t, 3, cache)
		m.mustCreate(t, "myLV", 5, backing)
		if !earlier {
			old = copied(t, cache, "old")
		}
		m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
		m.write(t, 5)
		m = m.again(t)
		away := cache + ".away"
		if err := os.Rename(cache, away); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: old, AcceptStale: true}, quiet); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(away, cache); err != nil {
			t.Fatal(err)
		}
		m.remember(t, cache)
		var said strings.Builder
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, func(p control.Progress) { said.WriteString(p.Text) })
		if err == nil || !strings.Contains(err.Error(), "is a copy of cache 3") {
			t.Errorf("create: %v", err)
		}
		if !strings.Contains(said.String(), cache+" is a copy of cache 3 ("+old+") that is newer") || strings.Contains(said.String(), "wipe-cache") {
			t.Errorf("it said %q", said.String())
		}
		m.mustFree(t, 3)
		if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: cache, AcceptStale: true}, quiet); err != nil {
			t.Errorf("the way that is named: %v", err)
		}
	}
}

// The disk of a resumed cache, reached in another way, is no copy of it.
func TestSameInAnotherWay(t *testing.T) {
	m := newManager(t)
	cache := formatted(t)
	m.mustResume(t, 3, cache)
	kept, old, err := m.withoutResumed(m.begin(t.Context(), "", quiet), []foreignCache{{path: cache, super: superOf(cache)}})
	if err != nil || len(kept) != 0 || len(old) != 0 {
		t.Errorf("kept %v, old %v, %v", kept, old, err)
	}
}

// A record that cannot be read hides a cache in a file: that is said.
func TestBadRecord(t *testing.T) {
	backing := filled(t, "its content")
	m, _ := dirtied(t, whose.Describe, backing)
	for _, c := range m.record.All() {
		if err := os.WriteFile(m.record.File(c.UUID), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil || !strings.Contains(said.String(), "whether that cache has data of it") {
		t.Errorf("%v, it said %q", err, said.String())
	}
}
