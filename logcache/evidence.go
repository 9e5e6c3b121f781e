package logcache

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// ErrUnjudged is returned when a disk that the log has data of would be attached
// without having been looked at, in the same freeze.
var ErrUnjudged = errors.New("the disk was not looked at")

// Evidence is what was found when the disk of a volume was looked at: on what
// grounds it may be taken for the one that the log has data of. Only
// [Cache.Examine] makes any, and it holds as long as the volume stays frozen.
type Evidence struct {
	volume   *Volume
	freeze   uint64
	trials   []trial
	taken    *segment.Witness // from the disk as it is
	overrule bool
}

// trial is a binding that the log has data of, and what came out when the disk
// was held against its witness.
type trial struct {
	dev     uint8
	of      *segment.Witness // nil: the binding has none, and there is no verdict
	verdict witness.Verdict
}

// Overrule has the disk accepted whatever it holds and whatever the host says of
// it. It cannot be smaller than the one that the log has data of all the same.
func (e *Evidence) Overrule() { e.overrule = true }

// Changed is what was seen if the disk is not as the cache left it, or nil.
func (e *Evidence) Changed() *witness.Verdict {
	if t := e.trial(e.volume.ID); t != nil && t.verdict.Changed() {
		return &t.verdict
	}
	return nil
}

// trial finds that of a device id, or nil. There is none without any evidence.
func (e *Evidence) trial(dev uint8) *trial {
	if e == nil {
		return nil
	}
	for i := range e.trials {
		if e.trials[i].dev == dev {
			return &e.trials[i]
		}
	}
	return nil
}

// Examine looks at the disk of a volume that is frozen and idle, and whose
// backing was flushed since, before it is attached as b: what the log has data
// of must be on it as it was left; see package witness. log is the cache device,
// of which only what the disk may have got from it is read. Any thread, but for
// those that must not wait for a disk.
func (c *Cache) Examine(v *Volume, b *segment.Binding, disk, log witness.Disk) (*Evidence, error) {
	e := &Evidence{volume: v}
	var still bool
	if e.freeze, still = v.frozenIdle(); !still {
		return nil, fmt.Errorf("device %d: %w: it is not frozen, or not idle", v.ID, ErrUnjudged)
	}
	for _, s := range c.suspects(b) {
		t := trial{dev: s.ID, of: s.Witness}
		if s.Witness != nil && b.Sectors >= s.Witness.Sectors {
			t.verdict = witness.Judge(s.Witness, disk, c.Versions(s.ID), log)
		}
		e.trials = append(e.trials, t)
	}
	e.taken = witness.Capture(disk, b.Sectors, c.witnessOf(b.ID), c.scope)
	return e, nil
}

// suspects are the bindings with data in the log that a disk may be the one of:
// that of its id, and those for which the host says that it is the same.
func (c *Cache) suspects(b *segment.Binding) (s []segment.Binding) {
	c.lock()
	defer c.unlock()
	for _, old := range c.super.now.Bindings {
		if c.dirty[old.ID] > 0 && (old.ID == b.ID || sameDisk(&old, b)) {
			s = append(s, old)
		}
	}
	return s
}

// sameDisk tells whether, as the host sees it, two bindings are of one disk.
func sameDisk(a, b *segment.Binding) bool {
	return a.Fingerprint != 0 && a.Fingerprint == b.Fingerprint
}

// judge decides, for each binding that the log has data of, whether b may be
// attached. e may be nil.
func (c *Cache) judge(v *Volume, b *segment.Binding, e *Evidence) error {
	if c.volumes[b.ID] != nil {
		return fmt.Errorf("device id %d: %w", b.ID, ErrAttached)
	}
	if c.rebinding[b.ID] {
		return fmt.Errorf("device id %d: %w", b.ID, ErrRebinding)
	}
	if b.Sectors > MaxSectors {
		return fmt.Errorf("%w: it has %d sectors, and at most %d can be (8 PiB)", ErrTooLarge, b.Sectors, uint64(MaxSectors))
	}
	if e != nil && !e.holds(v) {
		return fmt.Errorf("device %d: %w in this freeze", b.ID, ErrUnjudged)
	}
	for i := range c.super.now.Bindings {
		old := &c.super.now.Bindings[i]
		t := e.trial(old.ID)
		switch {
		case c.dirty[old.ID] == 0:
		case old.ID != b.ID:
			if err := c.judgeTwin(old, b, t, e); err != nil {
				return err
			}
		case t == nil || t.of != old.Witness:
			return fmt.Errorf("device %d: %w, and the log holds %d dirty blocks of it", b.ID, ErrUnjudged, c.dirty[old.ID])
		case b.Sectors < old.Sectors:
			return fmt.Errorf("%w: device %d (%q) has %d sectors in the log, this one has %d", ErrMismatch, old.ID, old.Name, old.Sectors, b.Sectors)
		case !e.overrule:
			if err := c.judgeSelf(old, b, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// judgeSelf decides whether a disk is the one that the log has data of under
// its id.
func (c *Cache) judgeSelf(old, b *segment.Binding, t *trial) error {
	switch {
	case t.verdict.Changed():
		return fmt.Errorf("%w, or it was changed behind the log's back, which holds %d dirty blocks of device %d (%q): %v", ErrMismatch, c.dirty[old.ID], old.ID, old.Name, &t.verdict)
	case t.verdict.Telling:
		return nil
	case old.Fingerprint != b.Fingerprint && old.Fingerprint != 0 && b.Fingerprint != 0:
		return fmt.Errorf("%w: the log holds %d dirty blocks of device %d (%q), which is a different disk", ErrMismatch, c.dirty[old.ID], old.ID, old.Name)
	case t.of == nil && old.Sectors != b.Sectors && !sameDisk(old, b):
		return fmt.Errorf("%w: device %d (%q) has %d sectors in the log, this one has %d", ErrMismatch, old.ID, old.Name, old.Sectors, b.Sectors)
	}
	return nil
}

// judgeTwin decides whether a disk may be bound although, as the host says, it
// is one that the log has data of under another id. It may if it was seen to be
// another, which takes more than a mount: that changes a few sectors.
func (c *Cache) judgeTwin(old, b *segment.Binding, t *trial, e *Evidence) error {
	seen := ""
	switch {
	case !sameDisk(old, b) || t != nil && (t.verdict.Other() || e.overrule):
		return nil
	case t != nil && t.verdict.Changed():
		seen = fmt.Sprintf(", which was changed since: %v", &t.verdict)
	}
	return fmt.Errorf("%w: the log holds %d dirty blocks of this disk as device %d (%q)%s: create it with that id", ErrMismatch, c.dirty[old.ID], old.ID, old.Name, seen)
}

// holds tells whether a volume has been in the same freeze ever since.
func (e *Evidence) holds(v *Volume) bool {
	freeze, still := v.frozenIdle()
	return e.volume == v && e.freeze == freeze && still
}

// witness is what the binding of an attached disk says from now on. Where the
// disk was held against a witness, that one stays true: what the log has may be
// on the disk already, and, if a flush of it has failed, may be gone again.
func (e *Evidence) witness(old *segment.Binding, b *segment.Binding) *segment.Witness {
	switch t := e.trial(b.ID); {
	case e == nil:
		return nil
	case old != nil && old.Witness != nil && t != nil && t.of == old.Witness && !t.verdict.Changed() && old.Witness.Sectors == b.Sectors:
		return old.Witness
	}
	return e.taken
}
