package manager

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// writer writes to a device that has no node, as a queue of it would. Its own
// operations are done at once.
type writer struct {
	t    *testing.T
	vol  *logcache.Volume
	port *logcache.Port
	woke chan struct{}
	buf  []byte
}

func newWriter(t *testing.T, m *Manager, id uint8) *writer {
	t.Helper()
	buf, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mem.Free(buf) })
	w := &writer{t: t, vol: m.devices[id].host.Volume(), woke: make(chan struct{}, 1), buf: buf}
	w.port = logcache.NewPort(func() {
		select {
		case w.woke <- struct{}{}:
		default:
		}
	})
	return w
}

// write stores n random blocks of 4 KiB.
func (w *writer) write(n int) {
	w.t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		w.at(8 * r.Uint64N(w.vol.Sectors/8))
	}
}

// at writes what is in buf to a sector.
func (w *writer) at(lba uint64) {
	w.t.Helper()
	w.port.Submit(&logcache.Request{Op: logcache.Write, LBA: lba, Sectors: 8, Buf: w.buf, Volume: w.vol})
	for !w.pump() {
		select {
		case <-w.woke:
			w.port.Poll()
		case <-time.After(20 * time.Second):
			w.t.Fatal("a write is never answered")
		}
	}
}

// pump does what there is to do, and tells whether the request was answered.
func (w *writer) pump() bool {
	for {
		ops := append([]*block.Op(nil), w.port.Ops()...)
		if len(ops) == 0 {
			break
		}
		for _, op := range ops {
			var err error
			switch op.Kind {
			case block.Write:
				_, err = unix.Pwrite(op.Disk.FD(), op.Buf, op.Offset)
			case block.Flush:
				err = unix.Fdatasync(op.Disk.FD())
			default:
				w.t.Fatalf("a %v", op.Kind)
			}
			w.port.Done(op, err)
		}
	}
	return len(w.port.Answers()) > 0
}

// dirty is how many blocks of device 5 are in the log.
func dirty(m *Manager) uint64 { return m.List().Devices[0].DirtyBlocks }

func set(t *testing.T, m *Manager, path, value string) {
	t.Helper()
	if _, err := m.Set(t.Context(), control.AttributeArgs{Path: "caches/3/" + path, Value: value}, quiet); err != nil {
		t.Fatal(err)
	}
}

func why(t *testing.T, m *Manager) *control.Why {
	t.Helper()
	w, err := m.Why(control.IDArgs{ID: 5})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// within waits for something that is to happen soon.
func within(t *testing.T, m *Manager, limit time.Duration, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s; why: %+v", limit, what, why(t, m))
		}
	}
}

func TestDrain(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	newWriter(t, m, 5).write(2000)
	within(t, m, 5*time.Second, "it says why not", func() bool { return strings.Contains(why(t, m).Migration, "allow_migrate is 0") })
	if w := why(t, m); w.Draining || w.DirtyBlocks == 0 || w.CacheID != 3 || !strings.Contains(w.Writes, "as fast as they come") {
		t.Errorf("why: %+v", w)
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	before := dirty(m)
	if _, err := m.Drain(gone, control.DrainArgs{ID: 3}, quiet); err == nil || classify.Classify(err).Code != control.Interrupted {
		t.Errorf("interrupted: %v", err)
	}
	if l := m.List().Devices[0]; l.CacheID != 3 || dirty(m) > before {
		t.Errorf("after an interrupted drain: %+v", l)
	}

	var steps []control.Progress
	if _, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, func(p control.Progress) { steps = append(steps, p) }); err != nil {
		t.Fatal(err)
	}
	if n := dirty(m); n != 0 {
		t.Errorf("%d dirty blocks after a drain", n)
	}
	for _, p := range steps {
		if p.Drain == nil || p.Done == nil || *p.Done < 0 || *p.Done > 1 || !strings.Contains(p.Text, "dirty") {
			t.Errorf("report: %+v", p)
		}
	}
	within(t, m, 5*time.Second, "it says that nothing is dirty", func() bool { return why(t, m).Migration == "nothing is dirty" })
	if _, err := m.Drain(t.Context(), control.DrainArgs{ID: 4}, quiet); err == nil || classify.Classify(err).Code != control.NotFound {
		t.Errorf("drain of no cache: %v", err)
	}
}

// Data of a device that is not there cannot be drained; who asks for it hears
// so at once.
func TestDrainWithoutTheDevice(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	newWriter(t, m, 5).write(10)
	if err := m.devices[5].host.Stop(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	delete(m.devices, 5)
	refused(t, m, control.NotAttached, "device 5 (myLV), which is not attached", func() error {
		_, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, quiet)
		return err
	})
}

func TestShutdownDrains(t *testing.T) {
	m := newManager(t)
	cache, _ := attached(t, m)
	newWriter(t, m, 5).write(500)
	if _, err := m.Shutdown(t.Context(), control.ShutdownArgs{Drain: true}, quiet); err != nil {
		t.Fatal(err)
	}
	again := newManager(t)
	again.mustResume(t, 3, cache)
	if n := again.List().Caches[0].DirtyBlocks; n != 0 {
		t.Errorf("%d dirty blocks after a shutdown that drains", n)
	}
}

// The settings reach migration; what each means in figures, package pace's own
// tests say.
func TestSettingsPaceMigration(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	w := newWriter(t, m, 5)
	says := func(words string) {
		t.Helper()
		within(t, m, 10*time.Second, words, func() bool { return strings.Contains(why(t, m).Migration, words) })
	}
	w.write(1500) // nearly 6 MiB
	set(t, m, "writeback_rate", "2097152")
	set(t, m, "allow_migrate", "1")
	says("2.0 MiB/s by writeback_rate")
	set(t, m, "writeback_running", "0")
	says("stopped")
	if dirty(m) == 0 {
		t.Error("nothing is left to stop")
	}
	set(t, m, "writeback_running", "1")
	set(t, m, "writeback_rate", "0")
	says("being filled")
	if dirty(m) == 0 {
		t.Fatal("the test wants something left")
	}
	set(t, m, "allow_migrate", "0")
	set(t, m, "max_dirty_age", "1")
	within(t, m, 15*time.Second, "what is old goes, though it is not allowed", func() bool { return dirty(m) == 0 })
}

// A flood on a log that is not allowed to drain until it must is slowed, and
// never stands still.
func TestFloodGoesOn(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	w := newWriter(t, m, 5)
	w.write(16000) // twice the log
	if s := m.devices[5].host.Cache().Core().Status(); s.Migrated == 0 {
		t.Error("nothing was migrated")
	}
	if _, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, quiet); err != nil {
		t.Error(err)
	}
}
