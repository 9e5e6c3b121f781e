package sim

import (
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// flight is a device operation under way.
type flight struct {
	op    *block.Op
	d     *disk
	p     *pending // of a write
	cut   int      // of a flush: it covers writes completed by then
	fault fault
	early bool // its effect comes at once, only the completion is late
	acted bool // of what is no read: its effect has come
}

// devs is a cache device and its backings, with one power supply.
type devs struct {
	st      *store
	ids     *numbering
	cache   *disk
	backing []*disk // by number
	flights []*flight
	pool    []*flight
	rules   []*rule
	faulty  bool // a fault has hit

	ios        int // boundaries crossed: beginnings and ends of operations
	limit      int // the power fails at this boundary; 0 = never
	ended      int // operations that completed
	dead       bool
	fuaFlushes bool          // a write with FUA is a write and a flush
	longest    time.Duration // for which a barrier may wait for company

	work *work // counts what completes
}

func newDevs(st *store, o *Options, ids *numbering) *devs {
	s := &devs{st: st, ids: ids, work: &work{}, fuaFlushes: o.FUAFlushes, cache: newDisk(st, true, o.Slots*int(o.SegmentSize)/sectorSize, o.BlockSize)}
	s.cache.wrecks = int(o.Physical / sectorSize)
	for i, n := range o.Volumes {
		s.backing = append(s.backing, newDisk(st, false, n, o.block(i)))
	}
	return s
}

// each calls f for every disk: the cache device, then the backings.
func (s *devs) each(f func(i int, d *disk)) {
	f(0, s.cache)
	for i, d := range s.backing {
		f(i+1, d)
	}
}

func (s *devs) disk(dev block.Dev) *disk {
	if n := s.number(dev); n > 0 {
		return s.backing[n-1]
	}
	return s.cache
}

// boundary crosses one, and tells whether there is power behind it.
func (s *devs) boundary() bool {
	if s.dead {
		return false
	}
	s.ios++
	if s.limit > 0 && s.ios >= s.limit {
		s.dead = true
	}
	return !s.dead
}

func (s *devs) faultOf(op *block.Op) fault {
	number := s.number(op.Dev)
	for _, r := range s.rules {
		if r.matches(op, number) {
			s.faulty = s.faulty || r.what.wrong()
			return r.what
		}
	}
	return none
}

// begin starts an operation. With early its effect comes now.
func (s *devs) begin(op *block.Op, early bool) *flight {
	var f *flight
	if n := len(s.pool); n > 0 {
		f, s.pool = s.pool[n-1], s.pool[:n-1]
	} else {
		f = &flight{}
	}
	if op.Kind == block.Wait {
		return s.beginWait(op, f)
	}
	d := s.disk(op.Dev)
	*f = flight{op: op, d: d, fault: s.faultOf(op), early: early && op.Kind == block.Read}
	d.checkAligned(op.Kind, op.Offset, op.Bytes())
	switch {
	case stores(op) && f.fault == eioPartly:
		f.p = d.beginPartly(op)
	case stores(op) && (f.fault.honest() || f.fault == eioLanded || f.fault == lying || f.fault == eioFlush && s.flushes(op)):
		f.p = d.begin(op.Buf, op.Offset, op.Bytes())
	case stores(op) && f.fault == misdirected:
		f.p = d.begin(op.Buf, d.misdirect(op), op.Bytes())
	case op.Kind == block.Flush:
		f.cut = d.clock
	case f.early && f.fault.honest():
		d.read(op.Buf, op.Offset)
	}
	s.flights = append(s.flights, f)
	s.boundary()
	return f
}

// stores tells whether an operation changes what the device holds. To the
// simulator a discard is a write of zeroes: it lands, tears and is lost like one.
func stores(op *block.Op) bool {
	return op.Kind == block.Write || op.Kind == block.Discard || op.Kind == block.Zero
}

// misdirect is the next block on the disk, or the first of its data if there is
// none. A superblock goes behind itself, as it is longer than a block.
func (d *disk) misdirect(op *block.Op) int64 {
	to := op.Offset + 4096
	if d.cache && op.Offset < segment.LogOffset {
		to = op.Offset + superSectors*sectorSize/2
	}
	if uint64(to+op.Bytes()) > d.bytes() {
		to = 0
		if d.cache {
			to = segment.LogOffset
		}
	}
	return to
}

// end completes operation i of those under way and says what the device reports.
func (s *devs) end(i int) (*block.Op, error) {
	f := s.flights[i]
	s.flights = append(s.flights[:i], s.flights[i+1:]...)
	s.pool = append(s.pool, f)
	if f.op.Kind == block.Wait {
		return f.op, nil
	}
	s.ended++
	s.work.add(f.d.cache, f.op)
	op := f.op
	if f.p != nil {
		whole := len(f.p.ids)*sectorSize == len(op.Buf) || f.fault == eioPartly // else a part of it wiped room that is folded away
		for j, id := range f.p.ids[:min(len(f.p.ids), len(op.Buf)/sectorSize)] {
			if whole && string(s.st.get(id)) != string(op.Buf[j*sectorSize:(j+1)*sectorSize]) {
				fail("no race", "the buffer of a write at byte %d of device %d changed while it was under way", op.Offset, op.Dev)
			}
		}
	}
	s.act(f)
	if op.Kind == block.Read && !f.early && f.fault.honest() {
		f.d.read(op.Buf, op.Offset)
	}
	s.boundary()
	if f.fault.reported() {
		return op, errIO
	}
	return op, nil
}

// lift ends all rules; what was stalled goes on.
func (s *devs) lift() {
	s.rules = nil
	s.goOn()
}

// goOn ends the stalls there are, and tells whether there were any.
func (s *devs) goOn() bool {
	any := false
	for _, f := range s.flights {
		if f.fault == stalled {
			f.fault, any = none, true
		}
	}
	return any
}

// revive gives power back to disks that hold the images of img.
func (s *devs) revive(img *images) {
	s.each(func(i int, d *disk) { d.restore(img.disk[i]) })
	s.flights = s.flights[:0]
	s.rules = nil
	s.faulty, s.dead, s.ios, s.limit = false, false, 0, 0
}

// images is the content of all disks without power.
type images struct{ disk [][]sid }

func newImages(s *devs) *images {
	m := &images{}
	s.each(func(_ int, d *disk) { m.disk = append(m.disk, make([]sid, len(d.durable))) })
	return m
}

// hash tells states from each other.
func (m *images) hash(s *devs) uint64 {
	h := uint64(0)
	s.each(func(i int, d *disk) { h = d.hash(h, m.disk[i]) })
	return h
}
