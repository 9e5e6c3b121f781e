package logcache

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// superblock keeps the superblock in force and its updates.
//
// An update has happened when both copies state it: it goes with two
// generations in a row, each flushed before the next is written. For recovery
// takes the other copy when the newest one is bad, and it cannot ask which of
// two things that is. If the power failed in the middle of an update, nothing
// was built on it yet, and the other copy is right. But if a copy goes bad when
// the update is long done, much may be built on it: a slot was reused, a write
// went past the log over data that is migrated, a disk was detached and used by
// itself, or was attached and has data in the log. A copy that has never heard
// of that would bring back what is gone, or not find what is there. So there
// must be no such copy by then.
//
// Updates that come while a copy is written go with the next one, which is the
// second of those before them; so a series of n takes n+1 writes, not 2n.
type superblock struct {
	now     segment.Super
	buf     []byte
	image   []byte // in buf, of the copy that was written last
	mark    uint64 // flushes of the cache device that had failed when that began
	busy    bool
	retries int
	durable uint64 // the newest generation that is

	// Who is told when an update has happened, by how far it is.
	fresh []func(error) // in no copy
	once  []func(error) // in the copy being written, or the one written last, only
	twice []func(error) // in the copy being written, and in the other
}

func (s *superblock) init(from *segment.Super) {
	s.now = *from
	s.now.Bindings = slices.Clone(from.Bindings)
	s.durable = from.Generation
}

// Stamp is by what the superblock on the device is told from older ones of the
// same cache: of the newest copy that is durable. Any thread.
func (c *Cache) Stamp() (epoch, generation uint64) {
	c.lock()
	defer c.unlock()
	return c.super.now.Epoch, c.super.durable
}

func (s *superblock) failAll(err error) {
	told := slices.Concat(s.twice, s.once, s.fresh)
	s.twice, s.once, s.fresh = nil, nil, nil
	for _, f := range told {
		f(err)
	}
}

// updateSuper changes the superblock, and tells done when that is durable in
// both copies, or has failed. done runs under the lock.
func (c *Cache) updateSuper(p *Port, change func(*segment.Super), done func(error)) {
	if c.broken != nil {
		done(c.broken)
		return
	}
	change(&c.super.now)
	c.super.fresh = append(c.super.fresh, done)
	c.nextSuper(p)
}

// nextSuper begins what is next to be done with the superblock, unless something
// is under way.
func (c *Cache) nextSuper(p *Port) {
	switch s := &c.super; {
	case s.busy || c.broken != nil:
	case c.doubt.on():
		c.rereadSuper(p)
	case len(s.once)+len(s.fresh) > 0:
		c.writeSuper(p)
	}
}

// writeSuper writes the superblock over the older of its copies.
func (c *Cache) writeSuper(p *Port) {
	s := &c.super
	if s.buf == nil {
		buf, err := mem.Alloc(segment.MaxSuperSize)
		if err != nil {
			c.fail(p, err)
			return
		}
		s.buf = buf
	}
	s.busy = true
	s.twice, s.once, s.fresh = s.once, s.fresh, nil
	s.now.Generation++
	s.now.DurableSeq = max(s.now.DurableSeq, c.durableSeq)
	s.image = segment.AppendSuper(s.buf[:0], &s.now)
	s.mark = c.ledgers[block.Cache].failed
	p.newLogOp(c, forSuper, block.Write, segment.SuperOffset(s.now.Generation), s.image)
}

// superDone takes the completion of a superblock's write or flush.
func (c *Cache) superDone(p *Port, o *operation, err error) {
	c.lock()
	defer c.unlock()
	s := &c.super
	if err != nil {
		c.stats.LogWriteErrors++
		if s.retries++; s.retries <= maxRetries && o.purpose == forSuper && !c.doubt.on() {
			p.retry(o)
			return
		}
		c.fail(p, err)
		c.superFlushed(p, o, err)
		return
	}
	if o.purpose == forSuper {
		o.purpose, o.Kind, o.Buf = forSuperFlush, block.Flush, nil
		o.flush = c.ledgers[block.Cache].begin()
		p.retry(o)
		return
	}
	c.superFlushed(p, o, nil)
}

// superFlushed waits until it is known what the flush of a copy is worth.
func (c *Cache) superFlushed(p *Port, o *operation, err error) {
	if o.purpose == forSuper || c.flushEnded(p, uint8(block.Cache), o.flush, err) {
		c.superDurable(p, o)
		return
	}
	c.ledgers[block.Cache].wait(func(*Port) {
		c.background.Do(func(p *Port) {
			c.lock()
			defer c.unlock()
			c.superDurable(p, o)
		})
	})
}

// superDurable ends the update of a copy, or writes it again if a flush has failed
// since it was written.
func (c *Cache) superDurable(p *Port, o *operation) {
	s, failed := &c.super, c.ledgers[block.Cache].failed
	if failed > s.mark && c.doubt.on() {
		c.fail(p, ErrDoubt)
	}
	if failed > s.mark && c.broken == nil {
		s.mark = failed
		o.purpose, o.Kind, o.Buf = forSuper, block.Write, s.image
		p.retry(o)
		return
	}
	p.release(o)
	if c.broken != nil {
		return
	}
	s.busy, s.retries, s.durable = false, 0, s.now.Generation
	told := s.twice
	s.twice = nil
	for _, f := range told {
		f(nil)
	}
	c.nextSuper(p)
}
