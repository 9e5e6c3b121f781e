package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// TestP8FormerBindingEnds when its disk is bound anew under another id, unless
// the log may still hold something for it.
func TestP8FormerBindingEnds(t *testing.T) {
	former := segment.Binding{ID: 5, State: segment.Detached, Sectors: 100, Fingerprint: 55}
	for _, c := range []struct {
		name   string
		change func(*segment.Binding)
		dirty  uint64
		kept   bool
	}{
		{"detached", func(*segment.Binding) {}, 0, false},
		{"given up, and that is migrated", func(b *segment.Binding) { b.GivenUp = 10 }, 0, false},
		{"given up, and in the log", func(b *segment.Binding) { b.GivenUp = 11 }, 0, true},
		{"with data", func(*segment.Binding) {}, 1, true},
		{"attached", func(b *segment.Binding) { b.State = segment.Attached }, 0, true},
		{"another disk", func(b *segment.Binding) { b.Fingerprint = 56 }, 0, true},
		{"a disk without an identity", func(b *segment.Binding) { b.Fingerprint = 0 }, 0, true},
		{"of the same id", func(b *segment.Binding) { b.ID = 6 }, 0, true},
	} {
		old := former
		c.change(&old)
		s := &segment.Super{MigratedSeq: 10, Bindings: []segment.Binding{old}}
		cache := &Cache{}
		cache.dirty[old.ID] = c.dirty
		cache.dropFormer(s, &segment.Binding{ID: 6, Sectors: 100, Fingerprint: 55})
		if kept := len(s.Bindings) == 1; kept != c.kept {
			t.Errorf("%s: kept %v", c.name, kept)
		}
	}
	s := &segment.Super{Bindings: []segment.Binding{{ID: 5, State: segment.Detached}}}
	(&Cache{}).dropFormer(s, &segment.Binding{ID: 6})
	if len(s.Bindings) != 1 {
		t.Error("of two disks without an identity one is taken for the other")
	}
}

// TestP8GrownDiskOfAnOldLog: a log of version 1 has no witness. A disk that has
// grown is known by what the host says, or not at all.
func TestP8GrownDiskOfAnOldLog(t *testing.T) {
	for _, c := range []struct {
		name        string
		fingerprint uint64
		sectors     uint64
		want        error
	}{
		{"as it was", 1, benchSectors, nil},
		{"grown", 1, benchSectors + 100, nil},
		{"shrunk", 1, benchSectors - 100, ErrMismatch},
		{"another", 2, benchSectors, ErrMismatch},
		{"grown, and the host says nothing", 0, benchSectors + 100, ErrMismatch},
		{"as large, and the host says nothing", 0, benchSectors, nil},
	} {
		r := newBench(t, full(benchSectors, 7))
		r.c.super.now.Binding(5).Witness = nil
		r.b.Fingerprint = c.fingerprint
		r.volume(c.sectors)
		if err := r.attach(r.examine(full(int(c.sectors), 8))); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err := r.c.Free(); err != nil {
			t.Error(err)
		}
	}
}
