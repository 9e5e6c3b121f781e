package logcache

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

var (
	// ErrAttached is returned for a volume, or a device id, that is attached
	// already.
	ErrAttached = errors.New("already attached")
	// ErrRebinding is returned for a device id that is being attached, or whose
	// data is being given up.
	ErrRebinding = errors.New("it is being attached, or given up, already")
	// ErrMismatch is returned when the log holds data of another disk under that
	// device id, or of that disk under another id.
	ErrMismatch = errors.New("the log is bound to another disk")
	// ErrNotBound is returned for a device id that the log knows nothing of.
	ErrNotBound = errors.New("not bound to this log")
	// ErrTooLarge is returned for a backing of more than [MaxSectors].
	ErrTooLarge = errors.New("the backing is larger than the log can address")
	// ErrDirty is returned when a volume that still has data in the log would
	// have to leave it.
	ErrDirty = errors.New("data in the log is not yet migrated")
)

// MaxSectors is the size of the largest backing, in sectors: the index has room
// for so many blocks.
const MaxSectors = (index.MaxBlock + 1) * index.SectorsPerBlock

// Bound returns the bindings of the log.
func (c *Cache) Bound() []segment.Binding {
	c.lock()
	defer c.unlock()
	return slices.Clone(c.super.now.Bindings)
}

// Attach binds a frozen and idle volume, whose backing was flushed, to the
// cache, and tells done when the binding is durable and the volume has changed
// sides. What was found on its disk decides whether it may, and becomes its
// witness; without any evidence it may if the log has no data of it, and gets
// none. Any thread.
func (c *Cache) Attach(v *Volume, b segment.Binding, e *Evidence, done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		if v.cache.Load() != nil {
			done(fmt.Errorf("device %d: %w", v.ID, ErrAttached))
			return
		}
		if err := c.judge(v, &b, e); err != nil {
			done(err)
			return
		}
		told := c.rebind(b.ID, done)
		b.State = segment.Attached
		b.Witness = e.witness(c.super.now.Binding(b.ID), &b)
		c.updateSuper(p, func(s *segment.Super) {
			c.dropFormer(s, &b)
			bind(s, b)
		}, func(err error) {
			if err == nil {
				c.volumes[v.ID], c.versions[v.ID] = v, witness.Unknown
				v.bypass.reported = c.ledgers[v.ID].failed
				v.setCache(c)
			}
			told(err)
		})
	})
}

// bind enters a binding. The UUID of a backing that is bound already stays, and
// what is given up stays so.
func bind(s *segment.Super, b segment.Binding) {
	old := s.Binding(b.ID)
	if old == nil {
		s.Bindings = append(s.Bindings, b)
		return
	}
	if old.Sectors == b.Sectors && old.Fingerprint == b.Fingerprint {
		b.UUID = old.UUID
	}
	b.GivenUp = old.GivenUp
	*old = b
}

// Detach lets a frozen and idle volume without dirty data go, and tells done
// when that is durable, and all that bypassed the log, and the volume has
// changed sides. Any thread.
func (c *Cache) Detach(v *Volume, done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		if n := c.dirty[v.ID]; n > 0 {
			done(fmt.Errorf("device %d: %w: %d blocks", v.ID, ErrDirty, n))
			return
		}
		c.syncBypassed(p, v, func(err error) {
			if err != nil {
				done(err)
				return
			}
			c.unbind(v, done)
		})
	})
}

// unbind ends a binding.
func (c *Cache) unbind(v *Volume, done func(error)) {
	c.updateSuper(c.background, func(s *segment.Super) { s.Binding(v.ID).State = segment.Detached }, func(err error) {
		if err == nil {
			c.detached(v)
		}
		done(err)
	})
}

// Release takes a frozen and idle volume off a cache that is about to be
// freed; its binding and its data stay in the log. What migration has written of
// it since it was attached is known to nobody until the log is resumed: until
// then its disk is taken for what the host says it is. Any thread.
func (c *Cache) Release(v *Volume) {
	c.lock()
	defer c.unlock()
	c.detached(v)
}

// CommitSuper writes the superblock now. Any thread.
func (c *Cache) CommitSuper(done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		c.updateSuper(p, func(*segment.Super) {}, done)
	})
}

// MarkClean states that the log ends where it is durable. Nothing may be
// written after it. Any thread.
func (c *Cache) MarkClean(done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		c.updateSuper(p, func(s *segment.Super) { s.Clean = c.sealedSeq == c.durableSeq && c.cur.rec == nil }, done)
	})
}
