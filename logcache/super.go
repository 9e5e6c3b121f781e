package logcache

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
)

// superblock keeps the superblock in force and its updates. An update is
// written to the other copy and flushed; updates that come meanwhile wait and
// go together.
type superblock struct {
	now     segment.Super
	buf     []byte
	busy    bool
	retries int
	flying  []func(error) // told when the update under way is durable
	waiting []func(error) // told of the one after
}

const superBytes = 64 << 10

func (s *superblock) init(from *segment.Super) {
	s.now = *from
	s.now.Bindings = slices.Clone(from.Bindings)
}

func (s *superblock) failAll(err error) {
	told := append(s.flying, s.waiting...)
	s.flying, s.waiting = nil, nil
	for _, f := range told {
		f(err)
	}
}

// updateSuper changes the superblock, and tells done when that is durable, or
// has failed. done runs under the lock.
func (c *Cache) updateSuper(p *Port, change func(*segment.Super), done func(error)) {
	if c.broken != nil {
		done(c.broken)
		return
	}
	change(&c.super.now)
	c.super.waiting = append(c.super.waiting, done)
	if !c.super.busy {
		c.writeSuper(p)
	}
}

func (c *Cache) writeSuper(p *Port) {
	s := &c.super
	if s.buf == nil {
		mem, err := uring.AllocPages(superBytes)
		if err != nil {
			c.fail(p, err)
			return
		}
		s.buf = mem
	}
	s.busy = true
	s.flying, s.waiting = s.waiting, nil
	s.now.Generation++
	s.now.DurableSeq = max(s.now.DurableSeq, c.durableSeq)
	image := segment.AppendSuper(s.buf[:0], &s.now)
	p.newLogOp(c, forSuper, blockdev.Write, segment.SuperOffset(s.now.Generation), image)
}

// superDone takes the completion of a superblock's write or flush.
func (c *Cache) superDone(p *Port, o *operation, err error) {
	c.lock()
	defer c.mu.Unlock()
	s := &c.super
	if err != nil {
		c.stats.logWriteErrors++
		if s.retries++; s.retries <= maxRetries && o.purpose == forSuper {
			p.retry(o)
			return
		}
		p.release(o)
		c.fail(p, err)
		return
	}
	if o.purpose == forSuper {
		o.purpose, o.Kind, o.Buf = forSuperFlush, blockdev.Flush, nil
		p.retry(o)
		return
	}
	p.release(o)
	s.busy, s.retries = false, 0
	told := s.flying
	s.flying = nil
	for _, f := range told {
		f(nil)
	}
	if len(s.waiting) > 0 && !s.busy {
		c.writeSuper(p)
	}
}
