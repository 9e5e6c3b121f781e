package sim

import "github.com/ublk-lc/ublk-lc/logcache"

// What bypasses the log has no place in its order: it may be lost, or survive,
// whatever else is recovered (P3 and P4 are given up for it). It keeps P1: once a
// FLUSH has covered it, nothing older may be found again, wherever it comes from
// (P7). This file knows that, and throws the dice for it.

// notOlder wants a sector of an attached device not to look like a version that
// a durable one past the log had replaced.
func (o *oracle) notOlder(v *volume, lba uint64, i int) {
	c := &v.cells[lba]
	if j := o.first(v, c); i < j {
		fail("P7", "sector %d of device %d holds write %d, but write %d was durable past the log (%s)", lba, v.id, c.v[i].op, c.v[j].op, o.past(v.id, lba))
	}
}

// first is the newest version that was durable past the log, before which there
// is no way back.
func (o *oracle) first(v *volume, c *cell) int {
	j := len(c.v) - 1
	for j > 0 && !o.durable(v, &c.v[j]) {
		j--
	}
	return j
}

// durable tells whether a version past the log must be on its backing, or
// have been there.
func (o *oracle) durable(v *volume, n *version) bool {
	return n.past && (n.hard || !n.lost && !v.weak && o.writes[n.op].ack < v.cut)
}

// settled takes in that the power has failed, and version i was found after it:
// what was not durable may be gone, whatever is flushed from now on.
func (o *oracle) settled(v *volume, c *cell, i int) {
	for j := range c.v {
		n := &c.v[j]
		n.hard = o.durable(v, n) || n.past && j == i
		n.lost = !n.hard
	}
}

// doubt takes in that a flush of a backing had failed when the host was killed:
// the next host knows nothing of that, and its flushes do not bring back what is
// gone.
func (o *oracle) doubt(v *volume) {
	for i := range v.cells {
		c := &v.cells[i]
		for j := range c.v {
			n := &c.v[j]
			n.lost = n.lost || n.past && !o.durable(v, n)
		}
	}
}

// foundAt is which version was found, if it looks like version i and is in force
// at a point.
func (c *cell) foundAt(point int64, i int) int {
	at := c.at(point)
	for j := at + 1; j < len(c.v) && c.v[j].past; j++ {
		if j == i {
			return i
		}
	}
	return at
}

// hidden is which version is to be remembered beside version i, which was found,
// because it may be on the disk: after a power cut in the middle of things it can
// be impossible to tell whether zeroes are those of before a write past the log
// that was lost, or of a discard behind it that covers it.
func (c *cell) hidden(i, disk int) int {
	for j := i + 1; j < len(c.v) && c.v[j].past; j++ {
		if j == disk {
			return j
		}
	}
	return i
}

// inForce is the newest version but those that are hidden beside an older one: of
// that it is known by now that a discard in the log covers them.
func (c *cell) inForce() int {
	i := len(c.v) - 1
	for i > c.base && c.v[i].past && c.v[i].lost {
		i--
	}
	return i
}

// bypass sends a write that would bypass the log if it may, and tells whether
// it does.
func (w *world) bypass(vol int, lba uint64, n uint32) bool {
	r := w.idle[len(w.idle)-1]
	w.vols[vol].SetBypass(logcache.Bypass{Cutoff: 1})
	w.one(vol, logcache.Write, false, lba, n)
	w.vols[vol].SetBypass(logcache.Bypass{})
	return r.Bypassed()
}

// changeBypass changes what may bypass the log.
func (w *world) changeBypass() {
	i := w.ways.IntN(len(w.vols))
	set := logcache.Bypass{Cutoff: []uint64{0, 1, 1, 1, 4096, 12 << 10, 64 << 10}[w.ways.IntN(7)], Single: w.ways.IntN(3) == 0}
	w.tracef("dev %d bypass %+v", i+1, set)
	w.vols[i].SetBypass(set)
	if w.ways.IntN(4) == 0 {
		w.cache.SetCongested([]uint64{0, 0, 512, 8 << 10}[w.ways.IntN(4)])
	}
}
