package manager

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/host"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// generation is how far a superblock is. An update takes two, so that when one
// copy is bad the other may be one behind, and as good.
func generation(s *segment.Super) uint64 {
	if s.Other != nil {
		return s.Generation + 1
	}
	return s.Generation
}

// older tells whether one superblock of a cache is out of date beside another
// of the same UUID. Both counters rise as a cache is used. Where they
// contradict each other, or say the same of different things, two copies were
// used since they were one, and either is out of date beside the other.
func older(a, than *segment.Super) bool {
	if a.Epoch == than.Epoch && generation(a) == generation(than) {
		return a.DurableSeq != than.DurableSeq || a.MigratedSeq != than.MigratedSeq || a.LastMigrated != than.LastMigrated
	}
	return a.Epoch < than.Epoch || generation(a) < generation(than)
}

// outdated is an old copy of a cache.
type outdated struct {
	path  string
	newer string // where the newer one is
	all   bool   // whatever it holds the newer one had as well, and has, or has migrated: it is whole
}

func (o *outdated) String() string {
	text := fmt.Sprintf("%s is an older copy of the cache on %s: do not resume it", o.path, o.newer)
	if o.all {
		text += fmt.Sprintf("; `lc wipe-cache --force %s` makes it an empty disk", o.path)
	}
	return text
}

// strictlyOlder tells whether a copy is behind another in both counters: of one
// epoch there may be two, of which neither became the other.
func strictlyOlder(a, than *segment.Super) bool {
	return a.Epoch < than.Epoch && generation(a) < generation(than)
}

// current leaves out the copies of caches that are out of date, and all but one
// of those that are alike. Of copies that were both used it keeps each: nobody
// can tell which of them has what is newest.
func current(found []foreignCache) (kept []foreignCache, old []outdated) {
	for i, s := range found {
		at := -1
		alike := false
		for j, t := range found {
			if i == j || s.super.UUID != t.super.UUID {
				continue
			}
			switch behind, ahead := older(s.super, t.super), older(t.super, s.super); {
			case behind && !ahead:
				at = j
			case !behind && !ahead && j < i:
				alike = true
			}
		}
		switch {
		case at >= 0 && s.now != "": // an old copy that nobody can resume
		case at >= 0:
			old = append(old, outdated{s.path, found[at].path, strictlyOlder(s.super, found[at].super) && found[at].now == ""})
		case !alike:
			kept = append(kept, s)
		}
	}
	return kept, old
}

// withoutResumed leaves out what is the disk of a resumed cache, reached in
// another way, and what is an older copy of one. A copy that was used on its
// own since the two were one, or that is newer than what was resumed, counts,
// and is told of.
func (m *Manager) withoutResumed(o *operation, found []foreignCache) (kept []foreignCache, old []outdated, err error) {
	for _, s := range found {
		twin := m.twin(s.super.UUID)
		if twin == nil {
			kept = append(kept, s)
			continue
		}
		was := twin.host.Super() // as it was found, before the resume raised it
		if !older(&was, s.super) {
			if s.now != "" { // an old copy that nobody can resume
				continue
			}
			old = append(old, outdated{s.path, twin.path, !older(s.super, &was) || strictlyOlder(s.super, &was)})
			continue
		}
		same, err := patiently(o, s.path, func() bool { return sameState(s.path, twin.path) })
		if err != nil {
			return nil, nil, err
		}
		if !same {
			o.warn("%s is a copy of cache %d (%s) that is newer, or was used beside it: it has epoch %d, generation %d, and cache %d had %d and %d when it was resumed. What it holds counts as well; if it is a snapshot of the running cache, `--skip-disk %s` goes on without it",
				s.path, twin.id, twin.path, s.super.Epoch, s.super.Generation, twin.id, was.Epoch, was.Generation, s.path)
			s.twin = twin.id
			kept = append(kept, s)
		}
	}
	return kept, old, nil
}

// sameState tells whether two paths show the same superblock, as two ways to
// one disk do. One that runs may change between the looks.
func sameState(a, b string) bool {
	for range 3 {
		if x, y := superOf(a), superOf(b); x != nil && reflect.DeepEqual(x, y) {
			return true
		}
	}
	return false
}

func (m *Manager) twin(id [16]byte) *cache {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.twinLocked(id)
}

// twinLocked is the resumed cache of a UUID, or nil.
func (m *Manager) twinLocked(id [16]byte) *cache {
	for _, c := range m.caches {
		if c.host != nil && c.host.Super().UUID == id {
			return c
		}
	}
	return nil
}

// checkStale refuses an old copy of a cache: of one that is on this host, or
// that this host has seen newer.
func (m *Manager) checkStale(o *operation, c *cache, super *segment.Super, a control.ResumeArgs) error {
	not, err := allBut(a.SkipDisks, m.openNumbers()...)
	if err != nil {
		return err
	}
	found, unread, err := m.foreignCaches(o, not)
	if err != nil {
		return err
	}
	for _, u := range unread {
		o.warn("%s is a cache whose superblock cannot be read, and perhaps a newer copy of this one: %s", u.path, u.reason)
	}
	why := m.olderThanSeen(o, super)
	for i := range found {
		if text := found[i].newerThan(super, fmt.Sprintf("`lc resume %d %s` instead", c.id, found[i].path)); text != "" {
			why = text
		}
	}
	if why == "" {
		return nil
	}
	const lost = "all that was written through the newer one since would be lost, and what was migrated from it overwritten with what is older"
	if a.AcceptStale {
		o.warn("%s is out of date, and resumed all the same: %s", c.path, why)
		return nil
	}
	return control.Errorf(control.Mismatch, "%s is an old copy of cache %s: %s. --accept-stale resumes it all the same: %s", c.path, uuid.UUID(super.UUID), why, lost)
}

// olderThanSeen says what newer state of a cache this host has seen, or "".
func (m *Manager) olderThanSeen(o *operation, super *segment.Super) string {
	was, err := m.record.Load(super.UUID)
	if err != nil {
		o.warn("%v", err)
		return ""
	}
	return beforeSeen(super, was)
}

// beforeSeen says that a cache is at an earlier state than it was seen in, or "".
func beforeSeen(super *segment.Super, was *seen.Cache) string {
	if was == nil || super.Epoch >= was.Epoch && generation(super) >= was.Generation {
		return ""
	}
	return fmt.Sprintf("this host has had it at epoch %d, generation %d, on %s, and here it is at %d and %d, as after a restore or on a snapshot",
		was.Epoch, was.Generation, was.Path, super.Epoch, super.Generation)
}

// newerThan says that this is a newer copy of a cache than another one, and
// what to do instead of using that; "" if it is none.
func (s *foreignCache) newerThan(super *segment.Super, instead string) string {
	switch {
	case s.super.UUID != super.UUID || !older(super, s.super):
		return ""
	case s.now != "":
		return fmt.Sprintf("%s has what is left of a copy that is newer, or was used beside it (epoch %d, generation %d, here %d and %d), and is %s now: it cannot be resumed, and `lc replay %s --dry-run` tells what is in it",
			s.path, s.super.Epoch, s.super.Generation, super.Epoch, super.Generation, s.now, s.path)
	case older(s.super, super):
		return fmt.Sprintf("%s and it are copies that were both used since they were one (epoch %d, generation %d, here %d and %d): neither has all that is newest; choose one, and `lc wipe-cache --force` the other",
			s.path, s.super.Epoch, s.super.Generation, super.Epoch, super.Generation)
	}
	return fmt.Sprintf("%s has a newer copy (epoch %d, generation %d, here %d and %d); %s",
		s.path, s.super.Epoch, s.super.Generation, super.Epoch, super.Generation, instead)
}

// Newer says what newer state of a cache this host has seen, or has on another
// disk; "" if there is none. It is for the verbs that need no server, and reads
// the superblocks of all disks but those to skip. report hears of a disk that
// does not answer.
func Newer(ctx context.Context, record seen.Dir, super *segment.Super, skip []string, report func(control.Progress)) (string, error) {
	was, err := record.Load(super.UUID)
	if err != nil {
		return "", err
	}
	why, o := beforeSeen(super, was), &operation{ctx: ctx, hear: report}
	paths, err := present(ctx, record, skip, blockdev.Key{})
	if err != nil {
		return "", err
	}
	for _, path := range paths {
		found, err := patiently(o, path, func() probe { return probeCache(path) })
		if err != nil {
			return "", err
		}
		if found.super != nil {
			s := foreignCache{path: path, super: found.super, now: found.now}
			if text := s.newerThan(super, "use that one"); text != "" {
				why = text
			}
		}
	}
	return why, nil
}

// patience is how long the record may take to be written: it may lie on a
// device of our own.
const patience = 5 * time.Second

// note keeps how a cache is now for the next time that something says to be it.
// Without a record nothing is lost but a warning.
func (m *Manager) note(o *operation, path string, h *host.Cache) {
	core := h.Core()
	c := seen.Cache{UUID: h.Super().UUID, Path: path}
	c.Epoch, c.Generation = core.Stamp()
	for _, b := range core.Bound() {
		if b.State == segment.Attached || core.DirtyBlocks(b.ID) > 0 {
			c.Disks = append(c.Disks, seen.Disk{Device: b.ID, Name: b.Name, Fingerprint: b.Fingerprint})
		}
	}
	m.keep(o, c.UUID, func() error { return m.record.Note(c) }, func(err error) {
		o.warn("%v; an older copy of it will not be known as one, and %s is not found by create, if it is a file: resume it first after a restart", err, path)
	})
}

// keep writes to the record of a cache, if that answers.
func (m *Manager) keep(o *operation, id uuid.UUID, write func() error, failed func(error)) {
	done := make(chan error, 1)
	go func() { done <- write() }()
	select {
	case err := <-done:
		if err != nil {
			failed(err)
		}
	case <-time.After(patience):
		o.warn("%s does not answer: what was seen of cache %s is not noted yet", m.record, id)
	}
}
