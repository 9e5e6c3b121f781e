package autopilot

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// attached makes a manager whose devices get no nodes, with a cache and a
// device, and attaches them.
func attached(t *testing.T) *manager.Manager {
	t.Helper()
	t.Setenv("LC_STATE_DIR", t.TempDir())
	cache, backing := kit.Disk(t, "cache", 32<<20), kit.Disk(t, "backing", 8<<20)
	kit.Need(t, kit.Direct(filepath.Dir(cache), 4096))
	managertest.Format(t, cache)
	m := manager.New(manager.Options{Log: logTo(t), LinkDir: filepath.Join(t.TempDir(), "links"), Nodes: managertest.NoNodes{}})
	quiet := func(control.Progress) {}
	t.Cleanup(func() {
		if _, err := m.Shutdown(context.Background(), control.ShutdownArgs{}, quiet); err != nil {
			t.Error(err)
		}
	})
	if _, err := m.Resume(t.Context(), control.ResumeArgs{ID: 3, Path: cache}, quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, quiet); err != nil {
		t.Fatal(err)
	}
	_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet)
	if m.List().Devices[0].CacheID != 3 { // without ublk its node does not appear
		t.Fatal(err)
	}
	return m
}

func logTo(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// allowed is whether migration is, as an attribute says it.
func allowed(t *testing.T, m *manager.Manager) string {
	t.Helper()
	list, err := m.Get(control.AttributeArgs{Path: "caches/3/allow_migrate"})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	return list[0].Value
}

func TestDaemonDecides(t *testing.T) {
	m := attached(t)
	a := New(m, logTo(t))
	if got := allowed(t, m); got != "0" {
		t.Errorf("without a daemon migration is %s", got)
	}
	if _, err := a.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); allowed(t, m) != "1"; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the daemon does not allow migration to an idle backing")
		}
	}
	if !a.Status().Running {
		t.Error("it runs and says that it does not")
	}
	if _, err := a.Start(); err != nil {
		t.Errorf("start of a daemon that runs: %v", err)
	}
	for range 2 {
		if _, err := a.Stop(); err != nil {
			t.Error(err)
		}
		if got := allowed(t, m); got != "0" {
			t.Errorf("the daemon is stopped, and migration is still %s", got)
		}
	}
}

func TestDue(t *testing.T) {
	now := time.Now()
	last := now
	for _, c := range []struct {
		after, interval time.Duration
		want            bool
	}{
		{time.Hour, 0, false}, {900 * time.Millisecond, time.Second, true},
		{time.Second, 2 * time.Second, false}, {1900 * time.Millisecond, 2 * time.Second, true},
	} {
		at := last.Add(c.after)
		if got := due(&last, at, c.interval); got != c.want {
			t.Errorf("%v after the last, every %v: %v", c.after, c.interval, got)
		}
	}
}
