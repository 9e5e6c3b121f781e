package logcache

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file is what follows when a write with FUA has failed. A device without
// FUA makes a write and a flush of it, and nobody says which of the two it was: so
// it may be a flush, and have lost what the device had taken of other records. All
// of them that were not durable when it began are in memory still. They are written
// again, and answered when a flush behind that succeeds.
//
// Those among them that were made durable meanwhile, by writes with FUA of their
// own, are answered already; they are written again all the same.

// errNoImage breaks a cache that would have to write again what it has not any
// more.
var errNoImage = errors.New("a write with FUA has failed, and a record that it may have cost is not in memory any more")

// rewrite writes all records again that a failed write with FUA may have cost but
// that one itself.
func (c *Cache) rewrite(p *Port, bad *record) {
	since := bad.DurableSeq
	for seq := since + 1; seq <= c.sealedSeq; seq++ {
		r := &c.recs[seq%maxRecords]
		switch {
		case r == bad:
		case r.Seq == seq && r.Segment <= c.lastMigrated: // nobody needs it
		case r.Seq != seq || r.buf.id != r.Segment:
			c.fail(p, errNoImage)
			return
		case !r.written:
			r.redo = true // when it is written, as that may be on the device already
		default:
			r.written = false
			r.buf.unwritten++
			o := p.newLogOp(c, forRecord, block.Write, r.offset, r.image)
			o.rec = r
		}
	}
	c.writtenSeq = min(c.writtenSeq, since)
	c.fuaSeq = c.durableSeq
	c.durableTarget = max(c.durableTarget, c.sealedSeq)
}
