package logcache

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// GivenUp says whose extents, up to where, count no more, for good.
func (c *Cache) GivenUp() segment.GivenUp {
	c.lock()
	defer c.unlock()
	return c.given
}

// GiveUp gives all data up that the log holds of a device, and tells done when
// that is durable. The device must be bound and not attached, and migration have
// no operation for it. What is given up is gone: after that its id may be bound
// to any disk, but not before. Any thread.
func (c *Cache) GiveUp(dev uint8, done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		switch b := c.super.now.Binding(dev); {
		case c.volumes[dev] != nil:
			done(fmt.Errorf("device id %d: %w", dev, ErrAttached))
		case b == nil:
			done(fmt.Errorf("device id %d: %w", dev, ErrNotBound))
		case c.broken != nil:
			done(c.broken)
		case c.doubt.on():
			c.doubt.after = append(c.doubt.after, func() { c.GiveUp(dev, done) })
		case c.rebinding[dev]:
			done(fmt.Errorf("device id %d: %w", dev, ErrRebinding))
		default:
			c.giveUp(p, dev, c.rebind(dev, done))
		}
	})
}

// rebind keeps others from changing a binding until done is told, which must be
// under the lock: it returns who is to be told instead.
func (c *Cache) rebind(dev uint8, done func(error)) func(error) {
	c.rebinding[dev] = true
	return func(err error) {
		c.rebinding[dev] = false
		done(err)
	}
}

// giveUp states first that the data counts no more, in both copies of the
// superblock, and then forgets it: what is forgotten must never come back. The
// open record ends, so that no later data of that id has its sequence. The witness
// ends, as its disk may have got some of the data from a batch that did not end.
func (c *Cache) giveUp(p *Port, dev uint8, done func(error)) {
	if c.cur.rec != nil {
		c.seal(p, false)
	}
	seq := c.sealedSeq
	c.updateSuper(p, func(s *segment.Super) {
		b := s.Binding(dev)
		b.GivenUp, b.State, b.Witness = seq, segment.Detached, nil
	}, func(err error) {
		if err != nil {
			done(err)
			return
		}
		p.Do(func(*Port) { c.forgetDevice(dev, seq, done) })
	})
}

// forgetDevice takes a device out of the index, with the lock in small pieces.
// Nobody attaches it meanwhile: what is written then must not be forgotten.
func (c *Cache) forgetDevice(dev uint8, seq uint64, done func(error)) {
	for next := 0; next >= 0; {
		blocks := 0
		c.lock()
		next, blocks, _ = c.idx.RemoveDeviceStep(dev, next)
		c.dirty[dev] -= uint64(blocks)
		c.unlock()
	}
	c.lock()
	defer c.unlock()
	c.given[dev] = seq
	done(nil)
}
