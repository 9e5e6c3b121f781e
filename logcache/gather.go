package logcache

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file is where barriers wait for company: company.go tells when that pays.
//
//	answered ──► expected ──► all are back, or their time is up ──► the next group
//
// Only what nobody but barriers wants waits, and only barriers do: records that are
// full are written all the same.

// SetBarrierDeadline says for how long a barrier may wait for those of other
// devices where that pays; 0 = none ever does. One that waits now goes on if that
// changes. Any thread.
func (c *Cache) SetBarrierDeadline(d time.Duration) {
	c.lock()
	defer c.unlock()
	if m := &c.company; m.clock != nil && m.deadline != d {
		c.stopGathering()
		*m = company{clock: m.clock, deadline: d, round: m.round}
		for _, v := range c.volumes {
			if v != nil {
				v.absence = absence{}
			}
		}
	}
}

// arrived takes in a barrier that has just come.
func (c *Cache) arrived(r *Request) {
	w := &c.waiters
	met := w.head != nil && (w.head.Volume != r.Volume || w.tail.Volume != r.Volume)
	c.company.arrived(r, r.need > c.durableSeq, met)
}

// gathers tells whether the next group is to wait: for the one under way, so that
// they do not share the log between them, and then for those who are expected.
func (c *Cache) gathers(p *Port) bool {
	m := &c.company
	switch {
	case !m.pays || c.durableTarget > c.fuaSeq:
		return false
	case c.fuaSeq > c.durableSeq:
		return true
	case m.expected == 0:
		return false
	case m.waiting:
		return true
	}
	left := min(m.ended+m.patience()-m.clock(), m.deadline)
	if left <= 0 {
		m.endRound()
		return false
	}
	m.waiting = true
	o := p.newOp(forCompany, block.Wait, block.Cache, 0, nil)
	o.cache, o.For, o.round = c, left, m.round
	c.stats.Gathered++
	return true
}

// gatherTimeout takes in that a timer has run out. It may be one of a round
// that has ended, which says nothing of this one; but the cache's own thread, which
// is to move the barriers on if nobody was expected any more, may be busy.
func (c *Cache) gatherTimeout(p *Port, o *operation) {
	round := o.round
	p.release(o)
	c.lock()
	defer c.unlock()
	if m := &c.company; m.waiting && m.round == round {
		m.endRound()
	}
	if c.waiters.head != nil {
		c.advance(p)
	}
}

// stopGathering lets barriers go on that wait for company: nobody is expected
// any more.
func (c *Cache) stopGathering() {
	waiting := c.company.waiting
	c.company.endRound()
	if waiting {
		c.advanceLater()
	}
}

// detached takes in that a volume has gone, which may have been the company of the
// others: it has to pay with those who are there.
func (c *Cache) detached(v *Volume) {
	c.volumes[v.ID] = nil
	v.setCache(nil)
	c.company.met = 0
	c.company.judge()
	c.stopGathering()
}
