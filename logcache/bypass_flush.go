package logcache

import "github.com/ublk-lc/ublk-lc/segment/block"

// This file has the flushes of a backing that bypassed writes need.

// backingFlush is what a flush of the backing is for.
type backingFlush struct {
	volume   *Volume
	number   uint64      // in the ledger of the backing
	covers   uint64      // bypassed writes that had completed when it was issued
	failures uint64      // flushes that had failed by then
	done     func(error) // told of it, if no request is
}

// flushBacking has a FLUSH start with a flush of the backing if bypassed writes
// need one, and tells whether they do. The log is made durable meanwhile.
func (c *Cache) flushBacking(p *Port, r *Request) bool {
	r.Volume.bypass.streams.flushed()
	if !r.Volume.bypass.needsFlush() {
		return false
	}
	c.startBackingFlush(p, r.Volume).req = r
	c.durableTarget = max(c.durableTarget, c.newestSeq())
	c.kick(p)
	return true
}

// syncBypassed makes the bypassed writes of a volume durable, and tells done,
// which runs under the lock.
func (c *Cache) syncBypassed(p *Port, v *Volume, done func(error)) {
	if !v.bypass.needsFlush() {
		done(nil)
		return
	}
	c.startBackingFlush(p, v).backing.done = done
}

func (c *Cache) startBackingFlush(p *Port, v *Volume) *operation {
	l := &c.ledgers[v.ID]
	o := p.newOp(forBackingFlush, block.Flush, v.dev(), 0, nil)
	o.cache, o.backing = c, backingFlush{volume: v, number: l.begin(), covers: v.bypass.written, failures: l.failed}
	return o
}

// FlushBypassed makes the bypassed writes of a volume durable, and tells done
// when they are. The volume is attached, and must be frozen and idle if that is
// to be all of them. Any thread.
func (c *Cache) FlushBypassed(v *Volume, done func(error)) {
	c.background.Do(func(p *Port) {
		c.lock()
		defer c.unlock()
		c.syncBypassed(p, v, done)
	})
}

// backingFlushed takes the completion of such a flush.
func (c *Cache) backingFlushed(p *Port, o *operation, err error) {
	w, r := o.backing, o.req
	p.release(o)
	c.lock()
	defer c.unlock()
	if !c.flushEnded(p, w.volume.ID, w.number, err) {
		c.ledgers[w.volume.ID].wait(func(p *Port) { c.endBackingFlush(p, w, r, nil) })
		return
	}
	c.endBackingFlush(p, w, r, err)
}

// endBackingFlush goes on when it is known what a flush of the backing is worth.
func (c *Cache) endBackingFlush(p *Port, w backingFlush, r *Request, err error) {
	b, failed := &w.volume.bypass, c.ledgers[w.volume.ID].failed
	if err == nil && failed > min(w.failures, b.reported) {
		err = ErrBypassLost // another one has failed, and nobody was told, or this may be the one to know it
	}
	if err != nil {
		b.reported = failed
	} else {
		b.durable = max(b.durable, w.covers)
	}
	switch {
	case r == nil:
		w.done(err)
	case err != nil:
		p.answer(r, err)
	case p.retired:
		c.background.Do(func(p *Port) {
			c.lock()
			defer c.unlock()
			c.flushLog(p, r)
		})
	default:
		c.flushLog(p, r)
	}
}

// flushLog goes on with a FLUSH whose backing was flushed.
func (c *Cache) flushLog(p *Port, r *Request) {
	if c.flush(p, r) {
		p.answer(r, nil)
	}
}
