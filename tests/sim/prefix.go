package sim

import (
	"fmt"
	"strings"
)

// bounds narrows down the point in the order of acceptance at which a set of
// sectors looked as it was found.
type bounds struct {
	o                *oracle
	lo, hi           int64 // lo <= point < hi
	loWhere, hiWhere place
	vague            []vague
}

// vague is a sector of zeroes that several versions may have made: the point is
// in one of several intervals.
type vague struct {
	place
	c     *cell
	first int // older versions than this one are out of the question
}

type place struct {
	vol uint8
	lba uint64
	op  uint32
}

func (o *oracle) anywhere() bounds { return bounds{o: o, hi: never} }

// add takes in that sector (vol, lba) holds version i of c.
func (b *bounds) add(vol uint8, lba uint64, c *cell, i int) {
	if c.ambiguous(i) {
		b.vague = append(b.vague, vague{place{vol, lba, c.v[i].op}, c, b.o.first(b.o.vols[vol-1], c)})
		return
	}
	if p := c.v[i].pos; p > b.lo {
		b.lo, b.loWhere = p, place{vol, lba, c.v[i].op}
	}
	if p := c.next(i); p < b.hi {
		b.hi, b.hiWhere = p, place{vol, lba, c.v[i+1].op}
	}
}

// point is the first from p on that suits all sectors; never, and a sector that
// has none there, if no one does.
func (b *bounds) point(p int64) (int64, place) {
	for again := true; again && p < b.hi; {
		again = false
		for i := range b.vague {
			v := &b.vague[i]
			at := max(v.c.at(p), v.first)
			for at < len(v.c.v) && !v.c.v[at].zero {
				at++
			}
			if at == len(v.c.v) {
				return never, v.place
			}
			if from := v.c.v[at].pos; from > p {
				p, again = from, true
			}
		}
	}
	if p >= b.hi {
		return never, b.hiWhere
	}
	return p, place{}
}

// check wants one point to suit all sectors, at or behind floor, and returns it.
func (b *bounds) check(prefix, durable string, floor int64, what string) int64 {
	if b.lo >= b.hi {
		fail(prefix, "%s is no prefix: sector %d of device %d has write %d (position %d), but sector %d of device %d lacks write %d (position %d)",
			what, b.loWhere.lba, b.loWhere.vol, b.loWhere.op, b.lo, b.hiWhere.lba, b.hiWhere.vol, b.hiWhere.op, b.hi)
	}
	if b.hi <= floor {
		fail(durable, "%s goes up to position %d at most (sector %d of device %d lacks write %d), but %d was durable",
			what, b.hi-1, b.hiWhere.lba, b.hiWhere.vol, b.hiWhere.op, floor)
	}
	if p, where := b.point(b.lo); p == never {
		fail(prefix, "%s is no prefix: no point from %d to %d suits the zeroes in sector %d of device %d", what, b.lo, b.hi-1, where.lba, where.vol)
	}
	p, where := b.point(max(b.lo, floor))
	if p == never {
		fail(durable, "%s is not what was durable at position %d: the zeroes in sector %d of device %d are older", what, floor, where.lba, where.vol)
	}
	return p
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
type found struct {
	version []int
	gone    bool // its data in the log turns out to be given up
}

// recovered checks what recovery brought back (P1, P2, P3), and gives the
// point in the order that it is the state of.
func (o *oracle) recovered(vols []found) int64 {
	b := o.anywhere()
	for i, v := range o.vols {
		if vols[i].gone {
			continue
		}
		for lba, ver := range vols[i].version {
			c := &v.cells[lba]
			if v.logged {
				o.notOlder(v, uint64(lba), ver)
				b.add(v.id, uint64(lba), c, ver)
			} else {
				vols[i].version[lba] = o.survived(v, uint64(lba), ver)
			}
		}
		o.oneVersion(v, "that was recovered", func(lba int) int { return vols[i].version[lba] })
	}
	return b.check("P3", "P1", o.floor, "what was recovered")
}

// survived checks a sector that was written past the log, which looks like
// version i: it may be no version that a durable one had replaced. It returns
// the version that it may be.
func (o *oracle) survived(v *volume, lba uint64, i int) int {
	c := &v.cells[lba]
	by := o.outlived(v, c, i)
	for k := i - 1; k >= 0 && by >= 0; k-- {
		if c.same(k, i) && o.outlived(v, c, k) < 0 {
			return k
		}
	}
	if by >= 0 {
		fail("P1", "sector %d of device %d holds write %d, but write %d was durable", lba, v.id, c.v[i].op, c.v[by].op)
	}
	return i
}

// outlived is a durable version that had replaced version i, or -1.
func (o *oracle) outlived(v *volume, c *cell, i int) int {
	for j := i + 1; j < len(c.v); j++ {
		w := &o.writes[c.v[j].op]
		durable := !v.weak && (w.ack < v.cut || w.fua && w.ack != never)
		if durable && c.v[i].seen < w.sent {
			return j
		}
	}
	return -1
}

// truncate goes on from what recovery brought back, with this on the disks. After
// a kill the backings still hold unflushed writes, so that what was written past
// the log is not settled yet.
func (o *oracle) truncate(point int64, vols []found, disks [][]int, killed bool) {
	o.floor = point
	for i, v := range o.vols {
		v.acked = point
		for lba := range v.cells {
			c, ver := &v.cells[lba], vols[i].version[lba]
			switch {
			case v.logged:
				ver = c.foundAt(point, ver)
				c.v, c.base = c.v[:c.hidden(ver, disks[i][lba])+1], ver
				for j := ver + 1; j < len(c.v); j++ {
					c.v[j].seen = never // it is hidden again
				}
				if !killed {
					o.settled(v, c, ver)
				}
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
		if !killed {
			v.cut, v.weak = 0, false
		}
	}
}

// side moves an idle volume between the log and the way past it. ver is what
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
