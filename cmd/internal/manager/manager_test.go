package manager

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk"
)

// newManager makes a manager whose devices get no nodes: all but the nodes is real.
func newManager(t *testing.T) *Manager {
	t.Helper()
	m := New(Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), LinkDir: filepath.Join(t.TempDir(), "links"), Nodes: managertest.NoNodes{}})
	m.record = seen.Dir(t.TempDir())
	t.Cleanup(func() {
		if m.closing {
			return // the test has done it
		}
		if _, err := m.Shutdown(context.Background(), control.ShutdownArgs{}, quiet); err != nil {
			t.Error(err)
		}
	})
	return m
}

func quiet(control.Progress) {}

// disk makes a file that stands for a disk.
func disk(t *testing.T, name string, size int64) string {
	t.Helper()
	path := kit.Disk(t, name, size)
	kit.Need(t, kit.Direct(filepath.Dir(path), 4096))
	return path
}

// formatted makes a disk that is a cache.
func formatted(t *testing.T) string {
	t.Helper()
	path := disk(t, "cache", 32<<20)
	managertest.Format(t, path)
	return path
}

func (m *Manager) mustResume(t *testing.T, id int, path string) {
	t.Helper()
	if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: id, Path: path}, quiet); err != nil {
		t.Fatal(err)
	}
}

func (m *Manager) mustCreate(t *testing.T, name string, id int, path string) {
	t.Helper()
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: name, ID: id, Path: path}, quiet); err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of a code that is one line with these words, and the
// tables as they were.
func refused(t *testing.T, m *Manager, code control.Code, words string, do func() error) {
	t.Helper()
	before := m.List()
	err := do()
	if err == nil {
		t.Errorf("not refused; want %v: %s", code, words)
		return
	}
	if e := classify.Classify(err); e.Code != code || !strings.Contains(e.Message, words) || strings.Contains(e.Message, "\n") {
		t.Errorf("got %v: %q; want %v: %s", e.Code, e.Message, code, words)
	}
	after := m.List()
	if len(before.Caches) != len(after.Caches) || len(before.Devices) != len(after.Devices) {
		t.Errorf("a refusal changed something: %+v, then %+v", before, after)
	}
	for i := range after.Devices {
		if !reflect.DeepEqual(before.Devices[i], after.Devices[i]) {
			t.Errorf("a refusal changed a device: %+v, then %+v", before.Devices[i], after.Devices[i])
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	m.mustResume(t, 3, path)
	for _, c := range []struct {
		name  string
		id    int
		path  string
		code  control.Code
		words string
	}{
		{"id 0", 0, path, control.BadValue, "ids go from 1 to 127"},
		{"id 128", 128, path, control.BadValue, "ids go from 1 to 127"},
		{"a taken id", 3, formatted(t), control.Taken, "taken by " + path},
		{"a cache in use", 4, path, control.InUse, "is cache 3 already"},
		{"not a cache", 4, disk(t, "blank", 32<<20), control.NotFormatted, "lc format-cache"},
		{"no disk", 4, t.TempDir(), control.BadValue, "neither a block device nor a file"},
		{"nothing", 4, "/nonexistent", control.NotFound, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, m, c.code, c.words, func() error {
				_, err := m.Resume(t.Context(), control.ResumeArgs{ID: c.id, Path: c.path}, quiet)
				return err
			})
		})
	}
}

func TestResumeRefusesChangedDisks(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	m.mustResume(t, 3, path)
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	twin := disk(t, "twin", 32<<20)
	shrunk := disk(t, "shrunk", 16<<20)
	for path, n := range map[string]int{twin: len(image), shrunk: 16 << 20} {
		if err := os.WriteFile(path, image[:n], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, words := range map[string]string{twin: "is a copy of cache 3", shrunk: "has shrunk"} {
		refused(t, m, control.Mismatch, words, func() error {
			_, err := m.Resume(t.Context(), control.ResumeArgs{ID: 4, Path: path}, quiet)
			return err
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	m := newManager(t)
	cache, backing := formatted(t), disk(t, "backing", 8<<20)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	other := disk(t, "other", 8<<20)
	for _, c := range []struct {
		name  string
		args  control.CreateArgs
		code  control.Code
		words string
	}{
		{"id 0", control.CreateArgs{Name: "x", ID: 0, Path: other}, control.BadValue, "ids go from 1 to 127"},
		{"id 128", control.CreateArgs{Name: "x", ID: 128, Path: other}, control.BadValue, "ids go from 1 to 127"},
		{"a taken id", control.CreateArgs{Name: "x", ID: 5, Path: other}, control.Taken, `taken by "myLV"`},
		{"a taken name", control.CreateArgs{Name: "myLV", ID: 6, Path: other}, control.Taken, "taken by device 5"},
		{"a name that is a path", control.CreateArgs{Name: "../x", ID: 6, Path: other}, control.BadValue, "does not fit a path"},
		{"a backing in use by us", control.CreateArgs{Name: "x", ID: 6, Path: backing}, control.InUse, "the backing of device 5"},
		{"a resumed cache", control.CreateArgs{Name: "x", ID: 6, Path: cache}, control.InUse, "cache 3"},
		{"another cache", control.CreateArgs{Name: "x", ID: 6, Path: formatted(t)}, control.HasContent, "formatted as a cache"},
		{"no room", control.CreateArgs{Name: "x", ID: 6, Path: disk(t, "empty", 100)}, control.BadValue, "less than one block of"},
		{"a queue too many", control.CreateArgs{Name: "x", ID: 6, Path: other, Queues: 4097}, control.BadValue, "from 1 to 4096"},
		{"no depth", control.CreateArgs{Name: "x", ID: 6, Path: other, Depth: -1}, control.BadValue, "depth -1"},
		{"no disk", control.CreateArgs{Name: "x", ID: 6, Path: "/dev/null"}, control.BadValue, "neither a block device nor a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, m, c.code, c.words, func() error {
				_, err := m.Create(t.Context(), c.args, quiet)
				return err
			})
		})
	}
}

func TestCreateWithoutUblk(t *testing.T) {
	m := newManager(t)
	m.probe = func(context.Context) error { return ublk.ErrNoModule }
	refused(t, m, control.NoUblk, "make demo", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "x", ID: 5, Path: disk(t, "backing", 8<<20)}, quiet)
		return err
	})
}

// A create that fails at its last step lets the backing go.
func TestCreateGivesUp(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	m.start = func(context.Context, *host.Device) error { return ublk.ErrTimeout }
	refused(t, m, control.Failed, "timed out", func() error {
		_, err := m.Create(t.Context(), control.CreateArgs{Name: "x", ID: 5, Path: backing}, quiet)
		return err
	})
	m.start = func(context.Context, *host.Device) error { return nil }
	m.mustCreate(t, "x", 5, backing)
}

func TestUnknownIDs(t *testing.T) {
	m := newManager(t)
	m.mustCreate(t, "x", 5, disk(t, "backing", 8<<20))
	for name, c := range map[string]struct {
		code  control.Code
		words string
		do    func() error
	}{
		"attach to a cache not resumed": {control.NotFound, "cache 3 is not resumed", func() error {
			_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet)
			return err
		}},
		"attach of nothing": {control.NotFound, "no device 6", func() error {
			_, err := m.Attach(t.Context(), control.AttachArgs{Device: 6, Cache: 3}, quiet)
			return err
		}},
		"detach of nothing": {control.NotFound, "no device 6", func() error {
			_, err := m.Detach(t.Context(), control.DrainArgs{ID: 6}, quiet)
			return err
		}},
		"detach of a detached": {control.NotAttached, "not attached", func() error {
			_, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet)
			return err
		}},
		"remove of nothing": {control.NotFound, "no device 6", func() error {
			_, err := m.Remove(t.Context(), control.IDArgs{ID: 6}, quiet)
			return err
		}},
		"free of nothing": {control.NotFound, "not resumed", func() error {
			_, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet)
			return err
		}},
		"free of id 200": {control.BadValue, "1 to 127", func() error {
			_, err := m.FreeCache(t.Context(), control.IDArgs{ID: 200}, quiet)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, m, c.code, c.words, c.do) })
	}
}

// A bad copy of the superblock holds nothing up, and is not passed over in silence.
func TestResumeWithOneSuperblock(t *testing.T) {
	m := newManager(t)
	path := formatted(t)
	for _, at := range []int64{segment.SuperOffset(0), segment.SuperOffset(1)} {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(make([]byte, 4096), at); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []bool{true, false} { // a resume writes both anew
			var said strings.Builder
			if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: path}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(said.String(), "superblock") != bad {
				t.Errorf("the copy at byte %d is bad: %v; it said %q", at, bad, said.String())
			}
			if _, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet); err != nil {
				t.Fatal(err)
			}
		}
	}
}
