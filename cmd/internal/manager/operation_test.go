package manager

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
)

// Whatever a cache or a device is, its state is of the set, and each of the set
// comes up.
func TestStatesAreOfTheSet(t *testing.T) {
	both := []bool{false, true}
	var caches []control.CacheState
	var devices []control.DeviceState
	for _, a := range both {
		for _, b := range both {
			caches = append(caches, cacheState(a, b))
			for _, c := range both {
				for _, d := range both {
					devices = append(devices, deviceState(a, b, c, d))
				}
			}
		}
	}
	sameWords(t, caches, control.CacheStates)
	sameWords(t, devices, control.DeviceStates)
}

func sameWords[W ~string](t *testing.T, got, want []W) {
	t.Helper()
	slices.Sort(got)
	got, want = slices.Compact(got), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a command does to a cache stands beside the cache's state, the first
// that came if there are several, and goes with it.
func TestCacheShowsWhatIsDone(t *testing.T) {
	m := newManager(t)
	m.mustResume(t, 3, formatted(t))
	begin := func(what control.Work) *operation { return m.begin(t.Context(), what, quiet, "cache", 3) }
	periodic, drain, search, free := begin(""), begin(control.Draining), begin(control.Searching), begin(control.Freeing)
	shows := func(want string) {
		t.Helper()
		got := ""
		line := m.List().Caches[0]
		if line.Doing != nil {
			got = line.Doing.String()
		}
		if got != want || line.State != control.CacheRunning {
			t.Errorf("the cache is %s, %q; want %q", line.State, got, want)
		}
	}
	for _, o := range []*operation{periodic, drain, search} {
		if _, err := m.refCache(3, o); err != nil {
			t.Fatal(err)
		}
	}
	shows("draining")
	drain.tell(control.Progress{Text: "half of it"})
	shows("draining: half of it")
	c := m.caches[3]
	m.unrefCache(c, drain)
	shows("searching")
	m.unrefCache(c, search)
	shows("")
	refused(t, m, control.Busy, "another command works on cache 3", func() error { _, err := m.acquireCache(3, free); return err })
	m.unrefCache(c, periodic)
	if _, err := m.acquireCache(3, free); err != nil {
		t.Fatal(err)
	}
	shows("freeing")
	c.op, c.gone = nil, false
}

// While a log is read its cache is there, and says how far that is.
func TestResumeShowsItself(t *testing.T) {
	m := newManager(t)
	c, err := m.reserveCache(m.begin(t.Context(), control.Resuming, quiet), control.ResumeArgs{ID: 3, Path: "/dev/fast"}, place{})
	if err != nil {
		t.Fatal(err)
	}
	c.op.tell(control.Progress{Text: "reading the log"})
	line := m.List().Caches[0]
	if line.State != control.CacheStarting || line.Doing == nil || line.Doing.What != control.Resuming || line.Doing.Text != "reading the log" {
		t.Errorf("list shows %+v", line)
	}
	delete(m.caches, 3)
}

// A drain is shown with its figures, a cache's beside the cache and a detach's
// beside the device, and no longer than it takes.
func TestDrainsShowThemselves(t *testing.T) {
	m := newManager(t)
	attached(t, m)
	w := newWriter(t, m, 5)
	seen := 0
	check := func(want control.Work, of func(*control.List) *control.Doing) Reporter {
		return func(p control.Progress) {
			seen++
			if d := of(m.List()); d == nil || d.What != want || d.Drain == nil || d.Text != p.Text {
				t.Errorf("%s is shown as %+v; it says %q", want, d, p.Text)
			}
		}
	}
	cacheDoing := func(l *control.List) *control.Doing { return l.Caches[0].Doing }
	deviceDoing := func(l *control.List) *control.Doing { return l.Devices[0].Doing }
	w.write(2000)
	_, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, check(control.Draining, cacheDoing))
	if err != nil || seen == 0 || cacheDoing(m.List()) != nil {
		t.Errorf("drain: %v, %d reports, then %+v", err, seen, cacheDoing(m.List()))
	}
	seen = 0
	w.write(2000)
	_, err = m.Detach(t.Context(), control.DrainArgs{ID: 5}, check(control.Detaching, deviceDoing))
	if err != nil || seen == 0 || deviceDoing(m.List()) != nil {
		t.Errorf("detach: %v, %d reports, then %+v", err, seen, deviceDoing(m.List()))
	}
}

// A command that was taken back while it waited for another to end has done
// nothing.
func TestInterruptWhileWaiting(t *testing.T) {
	m := newManager(t)
	m.bindingLock <- struct{}{} // another command is at it
	ctx, cancel := context.WithCancel(t.Context())
	report := func(p control.Progress) {
		if strings.Contains(p.Text, "waiting for another resume or create") {
			cancel()
		}
	}
	_, err := m.Resume(ctx, control.ResumeArgs{ID: 3, Path: formatted(t)}, report)
	<-m.bindingLock
	if classify.Classify(err).Code != control.Interrupted || !strings.Contains(err.Error(), "nothing was done") {
		t.Errorf("got %v", err)
	}
	if l := m.List(); len(l.Caches) != 0 {
		t.Errorf("left: %+v", l)
	}
}
