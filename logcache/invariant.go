package logcache

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has what holds between the figures of a cache whenever its lock is
// free. No program asks for it. The simulator does, after its steps: a mistake
// shows at the step that made it, which may be long before it breaks a promise, or
// in a run in which it breaks none.

// Sequences are those figures of a cache that never fall.
type Sequences [8]uint64

// atMost is a figure that is not above another one.
type atMost struct {
	low, high uint64
	what      string
}

// CheckSequences tells what is wrong with the order of records, segments and
// copies of the superblock, or with one that is behind what it was last; nil if
// nothing is. It takes next to no time. Any thread.
func (c *Cache) CheckSequences(last *Sequences) error {
	c.lock()
	defer c.unlock()
	for _, o := range c.order() {
		if o.low > o.high {
			return fmt.Errorf("%s: %d, and at most %d", o.what, o.low, o.high)
		}
	}
	now := Sequences{c.sealedSeq, c.durableSeq, c.migratedSeq, c.lastMigrated, c.slotDiscard.freed, c.nextID, c.super.durable, c.places}
	for i, n := range now {
		if n < last[i] {
			return fmt.Errorf("%s fell from %d to %d", risingNames[i], last[i], n)
		}
	}
	*last = now
	return nil
}

// risingNames are what [Sequences] has.
var risingNames = [len(Sequences{})]string{"the last sealed record", "the last durable record", "the last migrated record",
	"the last migrated segment", "the last free segment", "the next segment", "the durable superblock", "the place of the last write"}

// order is which figures are not above which.
func (c *Cache) order() [15]atMost {
	s, written, free := &c.super, c.writtenSeq, c.slotDiscard.freed+c.geo.Slots
	if c.ledgers[block.Cache].failed > 0 {
		written = c.sealedSeq // what is durable may be being written again: see rewrite.go
	}
	return [...]atMost{
		{c.migratedSeq, c.durableSeq, "what is migrated is durable in the log"},
		{c.durableSeq, c.fuaSeq, "what is durable need not become so"},
		{c.fuaSeq, c.sealedSeq, "only sealed records are written with FUA"},
		{c.durableSeq, written, "what is durable is written"},
		{c.writtenSeq, c.sealedSeq, "only sealed records are written"},
		{c.groupSeq, c.sealedSeq, "a group of barriers is of sealed records"},
		{c.needed(), c.newestSeq(), "nobody waits for a record that there is not"},
		{c.slotDiscard.freed, c.lastMigrated, "a slot that is free was migrated"},
		{c.lastMigrated, s.now.LastMigrated, "a segment that is migrated is stated to be"},
		{c.migratedSeq, s.now.MigratedSeq, "a record that is migrated is stated to be"},
		{s.now.DurableSeq, c.durableSeq, "a record that is stated to be durable is"},
		{s.durable, s.now.Generation, "a superblock that is durable was written"},
		{s.now.Generation, s.durable + 1, "one copy of the superblock is written at a time"},
		{c.cur.id, free, "a slot that is written was free"},
		{c.nextID, free + 1, "no slot is left out"},
	}
}

// CheckParts tells what is wrong with the slots, the records under way, the index,
// and what waits; nil if nothing is, or the cache is broken and goes on with
// nothing. It looks at all of the index, so it is for small ones. Any thread.
func (c *Cache) CheckParts() error {
	c.lock()
	defer c.unlock()
	if c.broken != nil {
		return nil
	}
	for _, check := range [...]func() error{c.checkRing, c.checkRecords, c.checkIndex, c.checkLine, c.checkBarriers, c.checkSuper, c.checkVolumes, c.checkLedgers} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkRing: the segments that are not migrated follow one another, without a gap
// between their records, up to the last that is sealed; and nobody reads from the
// slot that is being filled.
func (c *Cache) checkRing() error {
	seq := c.migratedSeq
	for id := c.lastMigrated + 1; id <= c.newestID(); id++ {
		s := &c.slots[c.geo.Slot(id)]
		switch {
		case s.ID != id:
			return fmt.Errorf("segment %d is in the slot of segment %d", s.ID, id)
		case s.refs < 0 || s.refs > 0 && id == c.cur.id:
			return fmt.Errorf("%d reads of segment %d, of which %d is being filled", s.refs, id, c.cur.id)
		case s.FirstSeq == 0 && id == c.cur.id:
			continue // nothing is sealed yet
		case s.FirstSeq != seq+1 || s.LastSeq < s.FirstSeq:
			return fmt.Errorf("segment %d has records %d to %d, behind record %d", id, s.FirstSeq, s.LastSeq, seq)
		}
		seq = s.LastSeq
	}
	if seq != c.sealedSeq {
		return fmt.Errorf("the segments end with record %d, and record %d is sealed", seq, c.sealedSeq)
	}
	return nil
}

// newestID is the id of the current segment, or of the last one that was.
func (c *Cache) newestID() uint64 {
	if c.cur.id != 0 {
		return c.cur.id
	}
	return c.nextID - 1
}

// checkRecords: each buffer is needed by as many records as it knows of; and
// beside the flush of a group no write with FUA is under way, which could fail and
// cost it.
func (c *Cache) checkRecords() error {
	if c.groupSeq > 0 && c.groupSeq <= c.fuaSeq {
		return fmt.Errorf("a group is of the records up to %d, and those up to %d need none", c.groupSeq, c.fuaSeq)
	}
	if c.flushOp && (c.groupSeq == 0 || c.groupSeq > c.writtenSeq) {
		return fmt.Errorf("a flush is for the records up to %d, and those up to %d are written", c.groupSeq, c.writtenSeq)
	}
	for seq := c.writtenSeq + 1; seq <= c.newestSeq(); seq++ {
		switch r := &c.recs[seq%maxRecords]; {
		case r.Seq != seq:
			return fmt.Errorf("record %d is where %d should be", r.Seq, seq)
		case c.flushOp && r.fua && !r.written:
			return fmt.Errorf("record %d is being written with FUA beside the flush of a group", seq)
		}
	}
	for i := range c.bufs {
		if b := &c.bufs[i]; b.unwritten != c.unwritten(b) {
			return fmt.Errorf("buffer %d has %d records that are not written, and counts %d", i, c.unwritten(b), b.unwritten)
		}
	}
	return nil
}

// unwritten counts the records of a buffer that are not written.
func (c *Cache) unwritten(b *buffer) (n int) {
	for seq := c.writtenSeq + 1; seq <= c.newestSeq(); seq++ {
		if r := &c.recs[seq%maxRecords]; r.buf == b && !r.written {
			n++
		}
	}
	return n
}

// checkIndex: what the index points to counts, and its blocks are counted by
// device, and are of devices that are bound.
func (c *Cache) checkIndex() error {
	blocks, zeroes, err := c.checkEntries()
	if err != nil {
		return err
	}
	for dev, n := range blocks {
		if n != c.dirty[dev] {
			return fmt.Errorf("%d blocks of device %d are in the index, and %d are counted", n, dev, c.dirty[dev])
		}
		if n > 0 && c.super.now.Binding(uint8(dev)) == nil {
			return fmt.Errorf("%d blocks of device %d are in the index, which is not bound", n, dev)
		}
	}
	if c.zeroBlocks < zeroes || c.lastMigrated == c.newestID() && c.zeroBlocks > 0 {
		return fmt.Errorf("%d entries are zeroes, and %d blocks are counted", zeroes, c.zeroBlocks)
	}
	return nil
}

// checkEntries: each lies in a segment that is not migrated, where something was
// written. It counts the blocks of each device, and the entries that are zeroes.
func (c *Cache) checkEntries() (blocks [segment.MaxDevices + 1]uint64, zeroes int, err error) {
	var last index.Entry
	c.idx.ForEach(func(e index.Entry) bool {
		if e.Dev != last.Dev || e.Block != last.Block || last.Mask == 0 {
			blocks[e.Dev]++
		}
		if last = e; e.Zero() {
			zeroes++
			err = c.checkSector(&e, e.Base-index.Zeroes-1) // where the extent says it, or before
		}
		for i := int64(0); i < index.SectorsPerBlock && !e.Zero() && err == nil; i++ {
			if e.Mask>>i&1 != 0 {
				err = c.checkSector(&e, e.Base+i)
			}
		}
		return err == nil
	})
	return blocks, zeroes, err
}

// checkSector looks whether a sector of the cache device that an entry points to is
// one of a segment that counts.
func (c *Cache) checkSector(e *index.Entry, at int64) error {
	slot := c.geo.SlotOfSector(at)
	s, pos := &c.slots[slot], at-c.geo.SlotSector(slot)
	end := int64(s.End)
	if s.ID == c.cur.id && c.cur.rec != nil {
		end = int64(c.cur.rec.next())
	}
	if s.ID <= c.lastMigrated || pos >= end {
		return fmt.Errorf("block %d of device %d is at sector %d of segment %d, which ends at %d; segments up to %d are migrated",
			e.Block, e.Dev, pos, s.ID, end, c.lastMigrated)
	}
	return nil
}

// checkLine: the writes that wait are counted, and each volume has them in the
// order in which they came.
func (c *Cache) checkLine() error {
	l := &c.line
	n := 0
	for _, v := range l.volumes {
		if v.waiting.head == nil || !v.limiter.waits.Load() || v.cache.Load() != c {
			return fmt.Errorf("device %d is in the line without a write", v.ID)
		}
		turn := uint64(0)
		for r := v.waiting.head; r != nil; r = r.next {
			if r.turn < turn {
				return fmt.Errorf("device %d: a write with turn %d waits behind one with %d", v.ID, r.turn, turn)
			}
			turn = r.turn
			n++
		}
	}
	if n != l.n {
		return fmt.Errorf("%d writes wait, and %d are counted", n, l.n)
	}
	return nil
}

// checkBarriers: those that wait do so for what is not durable yet, in the order in
// which it will be.
func (c *Cache) checkBarriers() error {
	last := c.durableSeq + 1
	for r := c.waiters.head; r != nil; r = r.next {
		if r.need < last {
			return fmt.Errorf("a barrier waits for record %d, behind one for %d, or with %d durable", r.need, last, c.durableSeq)
		}
		last = r.need
	}
	return c.checkCompany()
}

// checkCompany: who is expected is counted, and only who waits has a timer.
func (c *Cache) checkCompany() error {
	m, n := &c.company, 0
	for _, v := range c.volumes {
		if v != nil && v.absence.round == m.round && m.round > 0 {
			n++
		}
	}
	switch {
	case n != m.expected:
		return fmt.Errorf("%d devices are expected, and %d are counted", n, m.expected)
	case m.waiting && c.waiters.head == nil:
		return errors.New("a timer runs, and no barrier waits")
	}
	return nil
}

// checkSuper: somebody works on each update of the superblock.
func (c *Cache) checkSuper() error {
	s := &c.super
	if n := len(s.twice) + len(s.once) + len(s.fresh); n > 0 && !s.busy {
		return fmt.Errorf("%d updates of the superblock wait for nothing", n)
	}
	return nil
}

// checkVolumes: those that are attached are bound, and what is under way of them is
// counted.
func (c *Cache) checkVolumes() error {
	for dev, v := range c.volumes {
		if v == nil {
			continue
		}
		b := &v.bypass
		if c.super.now.Binding(uint8(dev)) == nil || v.cache.Load() != c {
			return fmt.Errorf("device %d is attached, and not bound, or of another cache", dev)
		}
		if n := v.inflight.Load(); n < int64(v.waiting.n+b.n) {
			return fmt.Errorf("device %d: %d requests are under way, of which %d wait and %d go past the log", dev, n, v.waiting.n, b.n)
		}
		if f := c.ledgers[dev].failed; b.durable > b.written || b.reported > f {
			return fmt.Errorf("device %d: %d of %d writes past the log are durable, %d of %d failed flushes told", dev, b.durable, b.written, b.reported, f)
		}
		if err := c.checkPassing(b); err != nil {
			return fmt.Errorf("device %d: %w", dev, err)
		}
	}
	return nil
}

// checkPassing: what is on its way past the log has nothing of its range in the
// log, nor another such write beside it.
func (c *Cache) checkPassing(b *bypass) error {
	for i, r := range b.inFlight[:b.n] {
		for _, w := range b.inFlight[:i] {
			if r.overlaps(w) {
				return fmt.Errorf("two writes past the log overlap at sector %d", r.LBA)
			}
		}
		if c.holds(r) {
			return fmt.Errorf("the log has something of a write at sector %d that goes past it", r.LBA)
		}
	}
	return nil
}

// checkLedgers: no flush is under way, or waited for, that was not begun.
func (c *Cache) checkLedgers() error {
	for dev := range c.ledgers {
		l := &c.ledgers[dev]
		if l.batch > l.begun || uint64(len(l.inFlight)) > l.begun || l.mark > l.failed {
			return fmt.Errorf("%v: of %d flushes %d are under way, and that of the batch is number %d; %d have failed, and %d before the batch",
				block.Dev(dev), l.begun, len(l.inFlight), l.batch, l.failed, l.mark)
		}
		for _, n := range l.inFlight {
			if n == 0 || n > l.begun {
				return fmt.Errorf("%v: flush %d is under way, of %d", block.Dev(dev), n, l.begun)
			}
		}
	}
	return nil
}
