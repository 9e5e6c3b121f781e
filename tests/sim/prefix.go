package sim

import (
	"fmt"
	"strings"
)

// bounds narrows down the point in the order of acceptance at which a set of
// sectors looked as it was found.
type bounds struct {
	lo, hi           int64 // lo <= point < hi
	loWhere, hiWhere place
}

type place struct {
	vol uint8
	lba uint64
	op  uint32
}

func anywhere() bounds { return bounds{hi: never} }

// add takes in that sector (vol, lba) holds version i of c.
func (b *bounds) add(vol uint8, lba uint64, c *cell, i int) {
	if p := c.v[i].pos; p > b.lo {
		b.lo, b.loWhere = p, place{vol, lba, c.v[i].op}
	}
	if p := c.next(i); p < b.hi {
		b.hi, b.hiWhere = p, place{vol, lba, c.v[i+1].op}
	}
}

// check wants one point to suit all sectors, at or behind floor.
func (b *bounds) check(prefix, durable string, floor int64, what string) {
	if b.lo >= b.hi {
		fail(prefix, "%s is no prefix: sector %d of device %d has write %d (position %d), but sector %d of device %d lacks write %d (position %d)",
			what, b.loWhere.lba, b.loWhere.vol, b.loWhere.op, b.lo, b.hiWhere.lba, b.hiWhere.vol, b.hiWhere.op, b.hi)
	}
	if b.hi <= floor {
		fail(durable, "%s goes up to position %d at most (sector %d of device %d lacks write %d), but %d was durable",
			what, b.hi-1, b.hiWhere.lba, b.hiWhere.vol, b.hiWhere.op, floor)
	}
}

// past is a sector's history in words.
func (o *oracle) past(vol uint8, lba uint64) string {
	var s strings.Builder
	c := &o.vols[vol-1].cells[lba]
	for i, v := range c.v {
		if i == c.base {
			s.WriteString("|")
		}
		fmt.Fprintf(&s, " %d@%d", v.op, v.pos)
	}
	return strings.TrimSpace(s.String())
}

// found is what a recovered volume holds: the version of each sector.
type found struct{ version []int }

// recovered checks what recovery brought back (P1, P2, P3), and gives the
// point in the order that it is the state of.
func (o *oracle) recovered(vols []found) int64 {
	b := anywhere()
	for i, v := range o.vols {
		for lba, ver := range vols[i].version {
			c := &v.cells[lba]
			if v.logged {
				b.add(v.id, uint64(lba), c, ver)
			} else {
				o.survived(v, uint64(lba), ver)
			}
		}
	}
	b.check("P3", "P1", o.floor, "what was recovered")
	return max(b.lo, o.floor)
}

// survived checks a sector that was written past the log: no version that a
// durable one had replaced.
func (o *oracle) survived(v *volume, lba uint64, i int) {
	c := &v.cells[lba]
	for j := i + 1; j < len(c.v); j++ {
		w := &o.writes[c.v[j].op]
		durable := !v.weak && (w.ack < v.cut || w.fua && w.ack != never)
		if durable && c.v[i].seen < w.sent {
			fail("P1", "sector %d of device %d holds write %d, but write %d was durable", lba, v.id, c.v[i].op, c.v[j].op)
		}
	}
}

// truncate goes on from what recovery brought back. After a kill the backings
// still hold unflushed writes, so that what was written past the log is not
// settled yet.
func (o *oracle) truncate(point int64, vols []found, killed bool) {
	o.floor = point
	for i, v := range o.vols {
		v.acked = point
		if !killed {
			v.cut, v.weak = 0, false
		}
		for lba := range v.cells {
			c, ver := &v.cells[lba], vols[i].version[lba]
			switch {
			case v.logged:
				c.v, c.base = c.v[:ver+1], ver
			case !killed:
				c.collapse(ver)
				ver = 0
			case v.weak:
				// The device was reset after a flush had failed: it showed newer
				// data before than it does now.
				for j := ver + 1; j < len(c.v); j++ {
					c.v[j].seen = never
				}
			}
			c.v[ver].seen = min(c.v[ver].seen, o.now)
		}
	}
}

// side moves a quiet volume between the log and the way past it. ver is what
// its backing holds.
func (o *oracle) side(vol uint8, logged bool, ver []int) {
	v := o.vols[vol-1]
	for lba := range v.cells {
		c := &v.cells[lba]
		c.collapse(ver[lba])
		c.v[0].seen = o.now
	}
	if v.logged && !logged {
		o.floor = max(o.floor, v.acked)
	}
	v.logged, v.acked, v.cut = logged, 0, o.now
}
