package logcache

import (
	"sync"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// Volume is what a device shows: one backing, with or without a cache. While it
// has none, requests pass straight through.
type Volume struct {
	ID      uint8 // 1 … 127; also names the backing in operations
	Name    string
	Sectors uint64
	// BlockSectors is the logical block, in sectors: a power of two up to
	// [MaxBlock] bytes. Nothing of ours ever cuts one.
	BlockSectors uint32

	cache    atomic.Pointer[Cache]
	inflight atomic.Int64 // requests taken in and not answered
	errors   atomic.Uint64

	direct direct

	bypass bypass // guarded by the cache's lock, or by mu in pass-through

	mu      sync.Mutex
	frozen  bool // written under mu and, while attached, under the cache's lock too
	freezes uint64
	held    queue

	// guarded by the cache's lock
	limiter limiter
	waiting queue        // writes that cannot go to the log yet
	stats   VolumeStatus // but for what a snapshot fills in
	absence absence      // of its barriers
}

// MaxBlock is the largest logical block that a volume may have, in bytes. Every
// segment has room for one: see [segment.NewGeometry].
const MaxBlock = index.BlockBytes

// NewVolume makes a detached volume of so many sectors, with logical blocks of
// so many bytes. Requests are of whole blocks, and so is all that is done for
// them on the backing and in the log.
func NewVolume(id uint8, name string, sectors uint64, block uint32) *Volume {
	return &Volume{ID: id, Name: name, Sectors: sectors, BlockSectors: block / segment.SectorSize}
}

// Cache is the cache the volume is attached to, or nil.
func (v *Volume) Cache() *Cache { return v.cache.Load() }

func (v *Volume) dev() block.Dev { return block.Dev(v.ID) }

func (v *Volume) countError() { v.errors.Add(1) }

// submit brings a request to the cache or passes it through.
func (v *Volume) submit(p *Port, r *Request) {
	for !v.trySubmit(p, r) {
	}
}

// trySubmit returns false when the volume changed sides meanwhile.
func (v *Volume) trySubmit(p *Port, r *Request) bool {
	c := v.cache.Load()
	if c == nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.cache.Load() != nil {
			return false
		}
		if v.frozen {
			v.held.push(r)
			return true
		}
		if r.Op == Flush && v.tellsLost(r) {
			p.answerNow(r)
			return true
		}
		v.inflight.Add(1)
		p.passThrough(r)
		return true
	}
	c.lock()
	defer c.unlock()
	if v.cache.Load() != c {
		return false
	}
	if v.frozen {
		v.mu.Lock()
		v.held.push(r)
		v.mu.Unlock()
		return true
	}
	if c.take(p, r) {
		p.answerNow(r)
	} else {
		v.inflight.Add(1)
	}
	return true
}

// take takes a request in, and tells whether it is done with already.
func (c *Cache) take(p *Port, r *Request) (done bool) {
	switch r.Op {
	case Read:
		return c.read(p, r)
	case Flush:
		return r.Volume.tellsLost(r) || !c.flushBacking(p, r) && c.flush(p, r)
	}
	return !c.bypass(p, r) && c.write(p, r)
}

// Freeze holds back every request from now on, until [Volume.Unfreeze]. What was
// taken in before goes on; the volume is idle when [Volume.Idle] says so.
func (v *Volume) Freeze() { v.setFrozen(true) }

// Idle tells whether no request is under way.
func (v *Volume) Idle() bool { return v.inflight.Load() == 0 }

// Unfreeze lets the held requests and all later ones go on.
func (v *Volume) Unfreeze() {
	v.setFrozen(false)
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.held.head != nil {
		r := v.held.pop()
		r.resubmit = true
		if r.port.send(r) {
			r.port.wake()
		}
	}
}

func (v *Volume) setFrozen(on bool) {
	defer v.lock()()
	v.frozen = on
	if !on {
		return
	}
	v.freezes++
	if c := v.cache.Load(); c != nil {
		c.holdWaiting(v)
		c.stopGathering()
	}
}

// frozenIdle says which freeze the volume is in, and whether it is idle.
func (v *Volume) frozenIdle() (freeze uint64, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.freezes, v.frozen && v.Idle()
}

// lock takes the locks under which the volume can be changed, and keeps it from
// changing sides. The function it returns gives them back.
func (v *Volume) lock() (release func()) {
	for {
		c := v.cache.Load()
		if c != nil {
			c.lock()
		}
		v.mu.Lock()
		release = func() {
			v.mu.Unlock()
			if c != nil {
				c.unlock()
			}
		}
		if v.cache.Load() == c {
			return release
		}
		release()
	}
}

// setCache changes sides. The volume is frozen and idle; the cache's lock is
// held.
func (v *Volume) setCache(to *Cache) {
	v.mu.Lock()
	v.cache.Store(to)
	v.limiter.on, v.limiter.free, v.absence = false, false, absence{}
	v.mu.Unlock()
}

// passThrough starts a request straight on the backing.
func (p *Port) passThrough(r *Request) {
	kind := block.Read
	switch r.Op {
	case Write:
		kind = block.Write
	case Flush:
		kind = block.Flush
	case Discard:
		kind = block.Discard
	case Zero:
		kind = block.Zero
	}
	o := p.newOp(forPassThrough, kind, r.Volume.dev(), int64(r.LBA)*segment.SectorSize, r.Buf)
	o.backing.covers = r.Volume.covers(kind)
	o.Length = int64(r.Sectors) * segment.SectorSize
	o.req = r
	r.place = 1
}

// passedThrough takes the completion of a pass-through operation; a FUA write
// is followed by a flush.
func (p *Port) passedThrough(o *operation, err error) {
	r := o.req
	if err != nil {
		r.Volume.countError()
	}
	if err == nil && r.FUA && o.purpose == forPassThrough {
		o.purpose, o.Kind, o.Buf = forPassFlush, block.Flush, nil
		o.backing.covers = r.Volume.covers(o.Kind)
		p.retry(o)
		return
	}
	if err == nil {
		r.Volume.passed(o)
	}
	p.release(o)
	p.answer(r, err)
}
