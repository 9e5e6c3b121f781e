package sim

import "math"

// never is a time or position that does not come.
const never = math.MaxInt64

// write is a write request as the oracle knows it.
type write struct {
	vol  uint8
	lba  uint64
	n    uint32
	fua  bool
	zero bool  // a discard, or write-zeroes
	past bool  // it bypassed the log
	sent int64 // when it was submitted
	ack  int64 // when it was answered without an error
}

// version is what one sector was made by one write.
type version struct {
	op   uint32
	zero bool  // it holds zeroes, like all others that do
	past bool  // it bypassed the log, and shares the position of what it replaced
	hard bool  // of such: it was durable before a power cut, or found after it
	lost bool  // of such: it was neither
	pos  int64 // in the order of acceptance; 0 = before all that counts
	seen int64 // when it was known to be in force: answered, or read
}

// cell is the history of a sector.
type cell struct {
	v    []version
	base int // the oldest version that a read may return
}

// find is the index of the version that op made, or -1. Zeroes do not say who
// made them: with op 0 it is the newest version that they may be.
func (c *cell) find(op uint32) int {
	for i := len(c.v) - 1; i >= 0; i-- {
		if c.v[i].op == op || op == 0 && c.v[i].zero {
			return i
		}
	}
	return -1
}

// next is the position at which version i is replaced.
func (c *cell) next(i int) int64 {
	for i++; i < len(c.v); i++ {
		if !c.v[i].past {
			return c.v[i].pos
		}
	}
	return never
}

// at is the logged version in force after position pos. Others may have
// replaced it past the log.
func (c *cell) at(pos int64) int {
	i := len(c.v) - 1
	for i > 0 && (c.v[i].pos > pos || c.v[i].past) {
		i--
	}
	return i
}

// collapse makes version i the only one.
func (c *cell) collapse(i int) {
	c.v[0] = version{op: c.v[i].op, zero: c.v[i].zero}
	c.v, c.base = c.v[:1], 0
}

// last is the newest version.
func (c *cell) last() *version { return &c.v[len(c.v)-1] }

// volume is a device as the oracle knows it.
type volume struct {
	id     uint8
	block  int // logical block, in sectors
	cells  []cell
	logged bool  // its writes go through the log
	acked  int64 // highest position of an answered write
	cut    int64 // past the log: the newest completed FLUSH was submitted then
	weak   bool  // past the log: a flush has failed, and what it should have saved is in doubt
}

// oracle knows what must, may and must not be found.
type oracle struct {
	now    int64
	pos    int64 // last position given out
	floor  int64 // what must survive
	lo     int64 // the past state that the backings are in, or go forward from
	loose  bool  // a batch was cut short: between batches lies no single state
	told   int64 // answers given: each may ask for more
	writes []write
	vols   []*volume
}

func newOracle(opt *Options) *oracle {
	o := &oracle{writes: make([]write, 1)}
	for i, n := range opt.Volumes {
		v := &volume{id: uint8(i + 1), block: int(opt.block(i) / sectorSize), cells: make([]cell, n)}
		for j := range v.cells {
			v.cells[j].v = append(make([]version, 0, 4), version{zero: true})
		}
		o.vols = append(o.vols, v)
	}
	return o
}

// submit enters a write; its number is what its sectors carry.
func (o *oracle) submit(vol uint8, lba uint64, n uint32, fua, zero bool) uint32 {
	o.writes = append(o.writes, write{vol: vol, lba: lba, n: n, fua: fua, zero: zero, sent: o.now, ack: never})
	return uint32(len(o.writes) - 1)
}

// accept puts a write into the order, in which one that bypasses the log has no
// place of its own.
func (o *oracle) accept(op uint32, past bool) {
	w := &o.writes[op]
	w.past = past
	v := o.vols[w.vol-1]
	for i := range w.n {
		c := &v.cells[w.lba+uint64(i)]
		nv := version{op: op, zero: w.zero, past: past, seen: never}
		switch {
		case past:
			nv.pos = c.last().pos
		case v.logged:
			o.pos++
			nv.pos = o.pos
		}
		c.v = append(c.v, nv)
	}
}

// last is the position of a logged write's last sector, wherever it is known.
func (o *oracle) last(op uint32) int64 {
	w := &o.writes[op]
	c := &o.vols[w.vol-1].cells[w.lba+uint64(w.n)-1]
	if i := c.find(op); i >= 0 {
		return c.v[i].pos
	}
	return 0
}

// answered takes the success of a write.
func (o *oracle) answered(op uint32) {
	o.told++
	w := &o.writes[op]
	w.ack = o.now
	v := o.vols[w.vol-1]
	for i := range w.n {
		c := &v.cells[w.lba+uint64(i)]
		if j := c.find(op); j >= 0 {
			c.v[j].seen = min(c.v[j].seen, o.now)
		}
	}
	if v.logged && !w.past {
		v.acked = max(v.acked, o.last(op))
		if w.fua {
			o.floor = max(o.floor, o.last(op))
		}
	}
}

// barrier is what a FLUSH that is submitted now must make durable.
type barrier struct {
	vol  uint8
	pos  int64
	sent int64
}

func (o *oracle) barrier(vol uint8) barrier {
	return barrier{vol, o.vols[vol-1].acked, o.now}
}

// flushed takes the success of a FLUSH.
func (o *oracle) flushed(b barrier) {
	o.told++
	v := o.vols[b.vol-1]
	if v.logged {
		o.floor = max(o.floor, b.pos)
	}
	v.cut = max(v.cut, b.sent)
}

// wasRead looks at one sector that a read, submitted at sent, has returned.
func (o *oracle) wasRead(vol uint8, lba uint64, b []byte, sent int64) {
	o.told++
	l, ok := readLabel(b)
	c := &o.vols[vol-1].cells[lba]
	newest := o.known("P2", vol, lba, l, ok)
	if newest < c.base {
		fail("P2", "a read of sector %d of device %d returned write %d, which was replaced long before", lba, vol, l.op)
	}
	may := 0
	for i := c.base; i <= newest; i++ {
		if c.same(i, newest) && o.replaced(c, i, sent) < 0 {
			may++
		}
	}
	switch j := o.replaced(c, newest, sent); {
	case may == 0:
		fail("register", "a read of sector %d of device %d, submitted at %d, returned write %d, but write %d had replaced it at %d",
			lba, vol, sent, l.op, c.v[j].op, c.v[j].seen)
	case may == 1 && j < 0:
		c.v[newest].seen = min(c.v[newest].seen, o.now)
	}
}

// replaced is the version that had replaced version i when a read was submitted
// at sent, or -1.
func (o *oracle) replaced(c *cell, i int, sent int64) int {
	for j := i + 1; j < len(c.v); j++ {
		if later := &c.v[j]; later.seen < sent && c.v[i].seen < o.writes[later.op].sent {
			return j
		}
	}
	return -1
}

// known finds the version that a sector's content is of.
func (o *oracle) known(promise string, vol uint8, lba uint64, l label, ok bool) int {
	if !ok {
		fail(promise, "sector %d of device %d is a mixture, or garbage (write %d?)", lba, vol, l.op)
	}
	if l.op != 0 && (l.vol != vol || l.lba != lba) {
		fail(promise, "sector %d of device %d holds sector %d of device %d (write %d)", lba, vol, l.lba, l.vol, l.op)
	}
	i := o.vols[vol-1].cells[lba].find(l.op)
	if i < 0 {
		fail(promise, "sector %d of device %d holds write %d, which is not of its past (%s)", lba, vol, l.op, o.past(vol, lba))
	}
	return i
}
