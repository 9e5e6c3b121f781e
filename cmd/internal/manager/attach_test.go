package manager

import (
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
)

// attached makes a cache and a device, and attaches them. There is no ublk, so
// the node does not appear; the rest does.
func attached(t *testing.T, m *Manager) (cache, backing string) {
	t.Helper()
	cache, backing = formatted(t), disk(t, "backing", 8<<20)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 3}, quiet)
	if err != nil && m.List().Devices[0].CacheID != 3 {
		t.Fatal(err)
	}
	return cache, backing
}

func TestAttachedCycle(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	for name, do := range map[string]func() error{
		"free-cache": func() error { _, err := m.FreeCache(t.Context(), control.IDArgs{ID: 3}, quiet); return err },
		"remove":     func() error { _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); return err },
	} {
		t.Run(name, func(t *testing.T) { refused(t, m, control.Busy, "`lc detach 5` first", do) })
	}
	m.mustResume(t, 4, formatted(t))
	refused(t, m, control.Taken, "attached to cache 3", func() error {
		_, err := m.Attach(t.Context(), control.AttachArgs{Device: 5, Cache: 4}, quiet)
		return err
	})
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 5}, quiet); err != nil {
		t.Fatal(err)
	}
	if l := m.List(); l.Devices[0].CacheID != 0 || l.Devices[0].State != control.DevicePassThrough {
		t.Errorf("after detach: %+v", l.Devices[0])
	}
	for _, id := range []int{3, 4} {
		if _, err := m.FreeCache(t.Context(), control.IDArgs{ID: id}, quiet); err != nil {
			t.Error(err)
		}
	}
	if _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); err != nil {
		t.Error(err)
	}
	if l := m.List(); len(l.Caches)+len(l.Devices) != 0 {
		t.Errorf("left: %+v", l)
	}
}

// A second command on a device that one is at work on is refused, and says with
// what.
func TestOneCommandADevice(t *testing.T) {
	m := newManager(t)
	m.mustCreate(t, "x", 5, disk(t, "backing", 8<<20))
	d, err := m.acquireDevice(5, m.begin(t.Context(), control.Detaching, quiet))
	if err != nil {
		t.Fatal(err)
	}
	d.op.tell(control.Progress{Text: "12 dirty blocks"})
	if got := m.List().Devices[0]; got.State != control.DevicePassThrough || got.Doing == nil || got.Doing.String() != "detaching: 12 dirty blocks" {
		t.Errorf("list shows %q, %v", got.State, got.Doing)
	}
	for name, do := range map[string]func() error{
		"remove":   func() error { _, err := m.Remove(t.Context(), control.IDArgs{ID: 5}, quiet); return err },
		"shutdown": func() error { _, err := m.Shutdown(t.Context(), control.ShutdownArgs{Force: true}, quiet); return err },
	} {
		t.Run(name, func(t *testing.T) { refused(t, m, control.Busy, "12 dirty blocks", do) })
	}
	m.releaseDevice(d)
}

func TestShutdownIfIdle(t *testing.T) {
	m := newManager(t)
	m.mustCreate(t, "x", 5, disk(t, "backing", 8<<20))
	refused(t, m, control.Busy, "something to do", func() error {
		_, err := m.Shutdown(t.Context(), control.ShutdownArgs{IfIdle: true}, quiet)
		return err
	})
}

// A log of the earlier format knows nothing of what is on its disk: an attach
// that goes by the host's word says so.
func TestP8AttachWithoutWitness(t *testing.T) {
	m := newManager(t)
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	rebind(t, cache, func(all []segment.Binding) []segment.Binding {
		all[0].Witness = nil
		return all
	})
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	var said strings.Builder
	report := func(p control.Progress) { said.WriteString(p.Text + "\n") }
	if err := m.attachTo(t, control.AttachArgs{Device: 5, Cache: 3}, report); err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"earlier format", "no witness", backing + " is taken for what the host says it is"} {
		if !strings.Contains(said.String(), words) {
			t.Errorf("%q does not say %q", said.String(), words)
		}
	}
}
