package manager

import (
	"errors"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// slowLook is after how long a disk that does not answer is named to the user.
const slowLook = 2 * time.Second

// foreignCache is a cache that is not resumed.
type foreignCache struct {
	path  string
	super *segment.Super
	now   string // what another program has made of its disk since, "" if none
	twin  uint8  // the resumed cache of which it is a copy with data of its own; 0 if there is none
}

// foreignCaches finds the caches of this host that are not resumed. It looks at
// every disk that may be one, and at the files in which this host has had one,
// but for those in not. What is a cache that cannot be read comes as unread.
func (m *Manager) foreignCaches(o *operation, not *exceptions) (found []foreignCache, unread []unread, err error) {
	paths, err := disksToAsk("/sys", not.numbers)
	if err != nil {
		return nil, nil, err
	}
	files, err := m.knownFiles(o.ctx, not)
	if err != nil {
		return nil, nil, err
	}
	for _, path := range append(paths, files...) {
		s, err := patiently(o, path, func() probe { return probeCache(path) })
		switch {
		case err != nil:
			return nil, nil, err
		case s.super != nil:
			found = append(found, foreignCache{path: path, super: s.super, now: s.now})
		case s.err != nil:
			unread = append(unread, newUnread(path, s.err))
		}
	}
	return found, unread, nil
}

// patiently looks at one disk. A disk that does not answer holds the command
// up, not the server.
func patiently[T any](o *operation, path string, look func() T) (T, error) {
	answer := make(chan T, 1)
	go func() { answer <- look() }()
	for {
		select {
		case got := <-answer:
			return got, nil
		case <-o.ctx.Done():
			var none T
			return none, control.Errorf(control.Interrupted, "interrupted while %s was asked whether it is a cache, and what it holds; nothing was done", path)
		case <-time.After(slowLook):
			o.say("waiting for %s to tell whether it is a cache, and what it holds; if it is none, `--skip-disk %s` goes on without it", path, path)
		}
	}
}

// superOf reads the superblock of a disk, or returns nil if it is no cache, or
// cannot be read.
func superOf(path string) *segment.Super { return probeCache(path).super }

// claims are what a cache that is not resumed holds data of.
func (s *foreignCache) claims() []claim {
	if s.super == nil {
		return nil
	}
	dev, err := blockdev.Open(s.path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return nil
	}
	defer dev.Close()
	all := claimsOn(dev, s.super)
	for i := range all {
		all[i].twin, all[i].now = s.twin, s.now
	}
	return all
}

// claimsOn reads from a log what it holds data of. When it cannot be read to
// its end, all disks that were attached count.
func claimsOn(dev *blockdev.Device, super *segment.Super) []claim {
	h, err := heldBy(dev, super)
	var all []claim
	for _, b := range super.Bindings {
		if h.extents[b.ID] > 0 || err != nil && b.State == segment.Attached {
			all = append(all, claim{log: dev.Path(), binding: b, versions: h.seen.Versions(b.ID), damaged: errors.Is(err, segment.ErrDamaged)})
		}
	}
	return all
}

// held is what a log holds, by device id.
type held struct {
	extents [segment.MaxDevices + 1]int // that were not given up
	seen    *witness.Collector          // of what the disks are known by
}

// heldBy reads the headers of a log.
func heldBy(dev *blockdev.Device, super *segment.Super) (*held, error) {
	h := &held{seen: witness.NewCollector(super)}
	if super.Clean && super.DurableSeq == super.MigratedSeq {
		return h, nil
	}
	given := super.GivenUp()
	reader := blockdev.NewBatchReader(dev)
	defer reader.Close()
	_, err := segment.Recover(reader, super, func(r *segment.Record) {
		h.seen.Add(r)
		for i := range int(r.Extents) {
			if id := r.Extent(i).Device; !given.Covers(id, r.Seq) {
				h.extents[id]++
			}
		}
	})
	return h, err
}
