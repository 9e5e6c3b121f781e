package logcache

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file is the way of writes past the log, straight to the backing. It is
// for writes of which the cache device would only be worn: long streams, and
// shorter ones while that device is slow. They keep P1 and P2, and give up P3
// and P4 for themselves; see [Bypass].
//
// A write may go past the log only if nothing could ever put older data over it
// (P7). That is so, without a fence in the log, while all of this holds:
//
//   - The index has nothing of its range. Then no record has either that is not
//     migrated: migration takes data out of the index only when the backing has
//     it durably, and recovery puts in all that it would replay. So nothing
//     older is on its way to the backing.
//   - No batch is being committed. What it has migrated is out of the index
//     already, but would be replayed until both copies of the superblock say so.
//   - No write waits for the log, and none is on this way, that overlaps it.
//   - It touches nothing that the witness of the backing names: what is there is
//     told by the log and the superblock, or it is another disk.
//
// Else it goes to the log like all others: a stream over ranges that the log
// has data of leaves the log there and then, and only there.
//
// While it is under way, whatever overlaps it and comes later waits, so that
// the log never has, and migrates, newer data than the backing is about to get.
// Reads do not wait: they get what the backing has.
//
// It is answered when the backing has answered. A FLUSH that follows includes a
// flush of the backing, and fails with it. Whatever such a flush has lost, nobody
// can write again; so when one that migration asked for fails, the next FLUSH
// fails too.

// ErrBypassLost fails a FLUSH after a flush of the backing has failed that
// should have made bypassed writes durable.
var ErrBypassLost = errors.New("a flush of the backing has failed: writes that bypassed the log may be lost")

// maxBypassing is how many writes of a volume may be on the way past the log.
const maxBypassing = 64

// Bypass says which writes of a volume may go past the log.
type Bypass struct {
	// Cutoff is how long, in bytes, a sequential stream must be to bypass the
	// log from then on; 0 = none does.
	Cutoff uint64
	// Single judges each request by its own length, and follows no streams.
	Single bool
}

// Route is where a write went, and why.
type Route uint8

// Routes of writes.
const (
	Logged     Route = iota // to the log: its stream is short, or it must be durable at once
	Sequential              // past it: its stream is long
	Congested               // past it: its stream is not that long, but the cache device is slow
	Occupied                // to the log: it could have gone past it, but the log, or what was under way, had data of its range
	Witnessed               // to the log: it touches what tells this disk from others; see package witness
	routes
)

// maxRecent is how many writes are remembered for [VolumeStatus].
const maxRecent = 128

// BypassStatus tells what went past the log since the device was created.
type BypassStatus struct {
	SequentialWrites uint64
	SequentialBytes  uint64
	CongestedWrites  uint64
	CongestedBytes   uint64
	OccupiedWrites   uint64 // could have, but for data of their range
	WitnessedWrites  uint64 // could have, but for what is witnessed of their range
}

// bypass is what a volume has of it, guarded by the lock of its cache.
type bypass struct {
	Bypass
	streams streams

	inFlight [maxBypassing]*Request
	n        int // of them under way

	written  uint64 // bypassed writes that the backing has answered
	durable  uint64 // of these, those that it was flushed after
	reported uint64 // of the flushes of the backing that have failed, those that a FLUSH has failed with, or need not

	status BypassStatus
	recent [maxRecent]Route
	seen   uint64 // writes that recent has had
}

// overlaps tells whether a request touches a write that is under way.
func (b *bypass) overlaps(r *Request) bool {
	for _, w := range b.inFlight[:b.n] {
		if r.overlaps(w) {
			return true
		}
	}
	return false
}

// remove takes a write out of those under way.
func (b *bypass) remove(r *Request) {
	b.n--
	for i, w := range b.inFlight[:b.n] {
		if w == r {
			b.inFlight[i] = b.inFlight[b.n]
		}
	}
	b.inFlight[b.n] = nil
}

// count remembers where a write goes.
func (b *bypass) count(r *Request) {
	bytes := uint64(len(r.Buf))
	switch r.route {
	case Sequential:
		b.status.SequentialWrites++
		b.status.SequentialBytes += bytes
	case Congested:
		b.status.CongestedWrites++
		b.status.CongestedBytes += bytes
	case Occupied:
		b.status.OccupiedWrites++
	case Witnessed:
		b.status.WitnessedWrites++
	}
	b.recent[b.seen%maxRecent] = r.route
	b.seen++
}

// recentRoutes counts, by route, the writes that are remembered.
func (b *bypass) recentRoutes() (n [routes]int) {
	for _, route := range b.recent[:min(b.seen, maxRecent)] {
		n[route]++
	}
	return n
}

// needsFlush tells whether there are bypassed writes that may not be durable.
func (b *bypass) needsFlush() bool { return b.durable < b.written }

// Bypassed tells whether a request went past the log. It may be asked from its
// time on that it has a place.
func (r *Request) Bypassed() bool { return r.route == Sequential || r.route == Congested }

// SetBypass changes which writes may go past the log. Any thread.
func (v *Volume) SetBypass(set Bypass) {
	defer v.lock()()
	v.bypass.Bypass = set
}

// SetCongested tells the cache how slow its device is: while shortest is not 0,
// streams from so many bytes on go past the log. Any thread.
func (c *Cache) SetCongested(shortest uint64) { c.congested.Store(shortest) }

// Congested is what was last set so. Any thread.
func (c *Cache) Congested() uint64 { return c.congested.Load() }

// bypass sends a write past the log if it should and may go there, and tells
// whether it did.
func (c *Cache) bypass(p *Port, r *Request) bool {
	b := &r.Volume.bypass
	shortest := c.congested.Load()
	if b.Cutoff == 0 && shortest == 0 || r.Op != Write || c.health() != Healthy {
		return false
	}
	r.route = b.route(r, shortest)
	switch {
	case !r.Bypassed():
	case c.witnessed(r):
		r.route = Witnessed
	case !c.uncontested(r):
		r.route = Occupied
	}
	b.count(r)
	if !r.Bypassed() {
		return false
	}
	b.inFlight[b.n] = r
	b.n++
	c.enter(r)
	o := p.newOp(forBypass, block.Write, r.Volume.dev(), int64(r.LBA)*segment.SectorSize, r.Buf)
	o.cache, o.req = c, r
	return true
}

// route is where a write should go.
func (b *bypass) route(r *Request, shortest uint64) Route {
	run := uint64(len(r.Buf))
	if !b.Single {
		run = b.streams.extend(r.LBA, r.Sectors)
	}
	switch {
	case r.FUA:
		return Logged
	case b.Cutoff > 0 && run >= b.Cutoff:
		return Sequential
	case shortest > 0 && run >= shortest:
		return Congested
	}
	return Logged
}

// uncontested tells whether nothing but the backing has, or is about to get,
// data of the range of a write.
func (c *Cache) uncontested(r *Request) bool {
	v := r.Volume
	if c.committing || v.bypass.n == maxBypassing || v.bypass.overlaps(r) || v.waiting.overlaps(r) {
		return false
	}
	return c.dirty[v.ID] == 0 || !c.holds(r)
}

// holds tells whether the log has anything of the range of a request.
func (c *Cache) holds(r *Request) bool {
	dev := r.Volume.ID
	c.idx.Prefetch(dev, r.LBA/index.SectorsPerBlock, int(r.Sectors/index.SectorsPerBlock)+1)
	var es [index.SectorsPerBlock]index.Entry
	for lba, n := r.LBA, r.Sectors; n > 0; {
		b := blockOf(lba, n)
		for _, e := range es[:c.idx.Get(dev, b.block, &es)] {
			if e.Mask&b.mask != 0 {
				return true
			}
		}
		lba, n = lba+uint64(b.sectors), n-b.sectors
	}
	return false
}

// overlaps tells whether a request of the queue touches the range of r, which is
// of the same volume.
func (q *queue) overlaps(r *Request) bool {
	for w := q.head; w != nil; w = w.next {
		if r.overlaps(w) {
			return true
		}
	}
	return false
}

// bypassed takes the completion of a write past the log.
func (c *Cache) bypassed(p *Port, o *operation, err error) {
	r := o.req
	p.release(o)
	c.lock()
	defer c.unlock()
	b := &r.Volume.bypass
	b.remove(r)
	if err != nil {
		r.Volume.countError()
	} else {
		b.written++
	}
	p.answer(r, err)
	if c.line.n > 0 {
		c.advance(p)
	}
}
