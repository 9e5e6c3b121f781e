package logcache

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// DefaultBufferBytes is the memory for RAM buffers: 64 MiB, as in dm-lc.
const DefaultBufferBytes = 64 << 20

const (
	// maxRecords is how many sealed records may be under way.
	maxRecords = 1024
	// durableEvery is after how many segments the log is made durable although
	// nobody asked for it: recovery must read all payload above that point.
	durableEvery = 32
	// maxRetries is how often a failed write of a record, or of a superblock, is
	// tried again.
	maxRetries = 3
)

// slot is what is known of the segment that lives in a slot.
type slot struct {
	segment.Span
	refs int32 // reads of the log under way here; the slot must not be written
}

// buffer is a RAM buffer. It keeps its segment's image until it is needed again.
type buffer struct {
	mem       []byte
	sums      []uint32 // room for checksums computed ahead, one for each chunk of mem
	id        uint64   // segment
	unwritten int      // records not yet on the cache device
}

// Cache is a resumed cache.
type Cache struct {
	geo        segment.Geometry
	disk       block.Handle
	background *Port
	events     *Events

	mu        sync.Mutex
	news      news // to be told when it is free
	contended atomic.Uint64

	// index
	idx   *index.Index
	dirty [segment.MaxDevices + 1]uint64 // blocks in the log, by device id

	zeroBlocks int // of all discards in the log; see zero.go

	// bypass
	congested  atomic.Uint64 // streams from so many bytes on go past the log; 0 = none for that
	committing bool          // the index has forgotten what recovery would still replay

	// ring; lastMigrated <= last durable segment <= current
	slots        []slot
	lastMigrated uint64
	slotDiscard  slotDiscard
	migratedSeq  uint64
	nextID       uint64 // the segment to open next
	prevEnd      uint32 // where its predecessor ends

	// current segment
	memory     *mem.Region // of all RAM buffers
	bufs       []buffer
	cur        current
	hint       uint16   // header sectors for the next record
	recs       []record // sealed ones and the open one, by sequence
	sealedSeq  uint64   // highest sealed
	writtenSeq uint64   // all up to here are written
	durableSeq uint64   // all up to here are durable
	fuaSeq     uint64   // all up to here are durable, or are being written with FUA

	// barriers
	predictor     barrierPredictor
	waiters       queue  // waiting for durableSeq, oldest first
	durableTarget uint64 // somebody without a request wants this to be durable
	groupSeq      uint64 // the group under way is for records up to here; 0 = idle
	flushOp       bool   // its flush is under way
	company       company

	line   line   // writes that cannot go to the log yet
	places uint64 // given to writes so far
	broken error

	doubt doubt
	stats Status // but for what a snapshot fills in

	// large, and of little use to most writes and reads, so last
	super   superblock
	volumes [segment.MaxDevices + 1]*Volume // attached, by device id

	rebinding [segment.MaxDevices + 1]bool   // an attach, or a give-up, is under way; see rebind
	ledgers   [segment.MaxDevices + 1]ledger // of the flushes, by device id; 0 is the cache device

	// witnesses
	scope    witness.Scope                             // of new ones
	versions [segment.MaxDevices + 1]*witness.Versions // of what was not attached yet, as resume found it
	changes  changes

	given segment.GivenUp // whose data counts no more; changed by the background's thread
}

// current is the segment being filled.
type current struct {
	id   uint64 // 0 = none
	slot uint64
	buf  *buffer
	pos  uint32  // where the next record starts, in sectors
	rec  *record // the open record, if any
}

// Config is what may be chosen at resume.
type Config struct {
	BufferBytes int          // memory for RAM buffers; 0 = [DefaultBufferBytes]
	Disk        block.Handle // the cache device, in operations
	Wake        func()       // wakes the background port's thread; see [NewPort]
	Events      *Events

	// Clock tells the time, which is later than 0 and never goes back, to measure
	// whether barriers should wait: see [Cache.SetBarrierDeadline]. It is called
	// under the cache's lock, and only while they may; nil = they never do.
	Clock func() time.Duration

	Loaders  int                    // goroutines that Resume makes the index with, its own among them; 0 = 1
	Progress func(slots, of uint64) // of the log, read by Resume; may be nil

	// Scope is how much of a backing is witnessed from its attach on; nil =
	// [witness.Default].
	Scope *witness.Scope

	Swappable bool // the index may be swapped out, in a process that locks its memory
}

// newCache builds a cache from a superblock and what recovery found.
func newCache(s *segment.Super, r *segment.Recovery, cfg Config) (*Cache, error) {
	c := &Cache{geo: s.Geometry, disk: cfg.Disk, events: cfg.Events, hint: uint16(s.Geometry.BlockSectors())}
	if c.events == nil {
		c.events = &Events{}
	}
	c.background = NewPort(cfg.Wake)
	c.company.clock = cfg.Clock
	c.slots = make([]slot, c.geo.Slots)
	for _, sp := range r.Segments {
		c.slots[c.geo.Slot(sp.ID)].Span = sp
	}
	c.lastMigrated, c.migratedSeq = s.LastMigrated, s.MigratedSeq
	c.slotDiscard.freed = c.lastMigrated
	c.nextID, c.prevEnd = r.NextSegment(s), r.PrevEnd
	c.sealedSeq, c.writtenSeq, c.durableSeq, c.fuaSeq = r.LastSeq, r.LastSeq, r.LastSeq, r.LastSeq
	c.recs = make([]record, maxRecords)
	c.line.volumes = make([]*Volume, 0, segment.MaxDevices)
	c.super.init(s)
	c.given = s.GivenUp()
	c.scope = witness.Default
	if cfg.Scope != nil {
		c.scope = *cfg.Scope
	}
	return c, c.allocBuffers(cfg.BufferBytes)
}

func (c *Cache) allocBuffers(bytes int) error {
	if bytes == 0 {
		bytes = DefaultBufferBytes
	}
	n := max(2, bytes/int(c.geo.SegmentSize))
	n = int(min(uint64(n), c.geo.Slots))
	size := int(c.geo.SegmentSize)
	memory, err := mem.NewRegion(n * size) // one piece, so that huge pages can serve it
	if err != nil {
		return err
	}
	c.memory = memory
	all := memory.Bytes()
	c.bufs = make([]buffer, n)
	for i := range c.bufs {
		c.bufs[i].mem = all[i*size : (i+1)*size]
		c.bufs[i].sums = make([]uint32, size/segment.ChunkSize)
	}
	return nil
}

// Free gives the memory back. No port may use the cache any more.
func (c *Cache) Free() error {
	c.lock() // a status may still be asked for
	defer c.unlock()
	c.cur = current{} // which Port.Idle may still look at
	return errors.Join(c.memory.Free(), mem.Free(c.super.buf), mem.Free(c.doubt.mem), c.idx.Close())
}

// Memory is where the RAM buffers lie. Records are written out of it, so that a
// thread which has it registered with its ring saves the kernel work.
func (c *Cache) Memory() *mem.Region { return c.memory }

// Background is the port of the cache's own thread.
func (c *Cache) Background() *Port { return c.background }

// Geometry is the cut of the cache device.
func (c *Cache) Geometry() segment.Geometry { return c.geo }

// lock takes the cache's lock. A queue's thread that parks costs more than the
// critical section, so it tries for a while first.
func (c *Cache) lock() {
	if c.mu.TryLock() {
		return
	}
	c.contended.Add(1)
	for range 64 {
		if c.mu.TryLock() {
			return
		}
	}
	c.mu.Lock()
}

// fail gives the cache up: the log cannot be continued. Reads go on, unless the
// log is another's by now: see suspect.go.
func (c *Cache) fail(p *Port, err error) {
	if c.broken == nil {
		c.broken = &BrokenError{err}
		c.news.didBreak(err)
	}
	for c.line.n > 0 {
		p.answer(c.line.pop(c.line.volumes[0]), c.broken)
	}
	for c.waiters.head != nil {
		p.answer(c.waiters.pop(), c.broken)
	}
	c.super.failAll(c.broken)
	c.doubt.goOn()
}

// BrokenError is why a cache takes no more writes.
type BrokenError struct{ Cause error }

func (e *BrokenError) Error() string { return ErrBroken.Error() + ": " + e.Cause.Error() }

// Unwrap makes errors.Is find both [ErrBroken] and the cause.
func (e *BrokenError) Unwrap() []error { return []error{ErrBroken, e.Cause} }
