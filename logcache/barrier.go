package logcache

import "github.com/ublk-lc/ublk-lc/segment/block"

// flush takes a FLUSH in: everything answered so far must become durable. It tells
// whether that is so already.
func (c *Cache) flush(p *Port, r *Request) (done bool) {
	c.stats.Flushes++
	c.predictor.barrier()
	r.need = c.newestSeq()
	if c.broken != nil {
		r.Err = c.broken
		return true
	}
	c.arrived(r)
	if r.need <= c.durableSeq {
		return true
	}
	c.waiters.push(r)
	c.kick(p)
	return false
}

// needed is the sequence that somebody wants to be durable.
func (c *Cache) needed() uint64 {
	if c.waiters.head != nil {
		return max(c.durableTarget, c.waiters.tail.need)
	}
	return c.durableTarget
}

// maxFUARecords is how many records may be under way with FUA. What arrives
// while so many are gathers for the next. With several the device need not rest
// between them, and a few writers need not wait for each other's records.
const maxFUARecords = 4

// kick moves the barriers on. While a group is under way, what arrives waits;
// otherwise the next group takes in all that waits, seals the open record if it
// must, and issues one flush when all its records are written. When all records
// before that one are durable, or on the way to it by themselves, writing it
// with FUA is enough: one operation instead of two.
func (c *Cache) kick(p *Port) {
	if c.flushOp || c.health() != Healthy || c.groupSeq == 0 && !c.form(p) || c.writtenSeq < c.groupSeq {
		return
	}
	c.flushOp = true
	c.groupSeq = c.writtenSeq
	p.newLogOp(c, forBarrier, block.Flush, 0, nil).flush = c.ledgers[block.Cache].begin()
}

// form begins the next group, if there is to be one now, and tells whether it needs
// a flush.
func (c *Cache) form(p *Port) bool {
	need := c.needed()
	if need <= c.fuaSeq || c.gathers(p) {
		return false
	}
	if rec := c.cur.rec; rec != nil && need >= rec.Seq {
		if c.fuaSeq == c.sealedSeq {
			c.sealFUA(p)
			return false
		}
		c.seal(p, true)
	}
	c.groupSeq = min(need, c.sealedSeq)
	c.company.begins(c.groupSeq)
	return true
}

// sealFUA seals the open record and writes it with FUA, unless it has to wait for
// one under way. All records before it become durable by themselves.
func (c *Cache) sealFUA(p *Port) {
	if c.fuaSeq-c.durableSeq < maxFUARecords {
		c.cur.rec.fua, c.fuaSeq = true, c.cur.rec.Seq
		c.company.begins(c.fuaSeq)
		c.cur.rec.flush = c.ledgers[block.Cache].begin()
		c.seal(p, true)
	}
}

// advance goes on with what waits, after something has completed.
func (c *Cache) advance(p *Port) {
	if p.retired {
		c.advanceLater()
		return
	}
	c.resume(p)
	c.kick(p)
}

// advanceLater does that on the cache's own thread.
func (c *Cache) advanceLater() {
	c.background.Do(func(b *Port) {
		c.lock()
		defer c.unlock()
		c.advance(b)
	})
}

// flushed takes the completion of a group's flush.
func (c *Cache) flushed(p *Port, o *operation, err error) {
	c.lock()
	defer c.unlock()
	n := o.flush
	p.release(o)
	c.stats.LogFlushes++
	if err != nil {
		// What the device had taken may be gone now: the log has no safe
		// continuation.
		c.stats.LogFlushErrors++
		c.fail(p, err)
	}
	if !c.flushEnded(p, uint8(block.Cache), n, err) {
		c.ledgers[block.Cache].wait(c.groupFlushed)
		return
	}
	c.groupFlushed(p)
}

// groupFlushed ends a group when it is known what its flush is worth. No record
// has to be written again since it began: beside it none is written with FUA.
func (c *Cache) groupFlushed(p *Port) {
	c.flushOp = false
	if c.broken != nil {
		return
	}
	c.fuaSeq = max(c.fuaSeq, c.groupSeq)
	seq := c.groupSeq
	c.groupSeq = 0
	c.becameDurable(p, seq)
}

// becameDurable answers what waits for the records up to seq.
func (c *Cache) becameDurable(p *Port, seq uint64) {
	c.durableSeq = seq
	c.company.becameDurable(seq, c.waiters.head != nil && c.waiters.head.need <= seq)
	for c.waiters.head != nil && c.waiters.head.need <= seq {
		r := c.waiters.pop()
		c.company.answered(r)
		p.answer(r, nil)
	}
	c.company.judge()
	c.news.didProgress()
	c.advance(p)
}
