package logcache

import (
	"sync"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// purpose is what a device operation was made for.
type purpose uint8

const (
	forPassThrough  purpose = iota // a whole request, straight to the backing
	forPassFlush                   // the flush behind a pass-through FUA write
	forMiss                        // a piece of a read, from the backing
	forHit                         // a piece of a read, from the log
	forAround                      // blocks of a read of which the log has a part, from the backing
	forRecord                      // a sealed record
	forBarrier                     // the flush of a barrier group
	forSuper                       // a superblock
	forSuperFlush                  // and its flush
	forBypass                      // a whole write, past the log
	forBackingFlush                // a flush of the backing behind such writes
	forSlotDiscard                 // a discard of slots
	forReread                      // a copy of the superblock, read again
	forCompany                     // the time until a barrier waits no more for others
)

// operation is a device operation with what its completion needs.
type operation struct {
	block.Op
	purpose purpose
	cache   *Cache
	req     *Request
	rec     *record
	slot    uint64
	have    uint8 // of a block that is read around: the sectors that the log had
	backing backingFlush
	flush   uint64 // its number in the ledger of the cache device
	round   uint64 // in which others are waited for
}

// Port is the way of one thread into the caches. Its methods belong to that
// thread, except where they say otherwise.
type Port struct {
	wake func()

	table   []*operation // by Tag
	free    []*operation
	ops     []*block.Op
	answers []*Request
	sealed  []*record // to be encoded once the lock is dropped
	toWake  []*Port   // to be woken once the lock is dropped

	filling *Cache // whose open record this port wrote to last; see Idle
	fresh   uint32 // sectors that may have no checksum yet

	mu          sync.Mutex
	inbox       []*Request
	calls       []func(*Port)
	spare       []*Request
	inboxFilled atomic.Bool // something is in the inbox

	retired bool // starts nothing new; see Retire
}

// NewPort makes a port. wake is called from any thread when there is something
// in its inbox; it must not block, and must lead to a [Port.Poll] soon.
func NewPort(wake func()) *Port {
	p := &Port{wake: wake}
	p.inbox = make([]*Request, 0, 1024)
	p.spare = make([]*Request, 0, 1024)
	p.answers = make([]*Request, 0, 1024)
	p.ops = make([]*block.Op, 0, 1024)
	p.sealed = make([]*record, 0, 64)
	p.toWake = make([]*Port, 0, 64)
	p.grow(512)
	return p
}

// grow makes n more operations. It runs at start and, later, only when more
// are under way than ever before.
func (p *Port) grow(n int) {
	chunk := make([]operation, n)
	for i := range chunk {
		o := &chunk[i]
		o.Tag = uint32(len(p.table))
		o.Sink = p
		p.table = append(p.table, o)
		p.free = append(p.free, o)
	}
}

func (p *Port) newOp(u purpose, k block.Kind, dev block.Dev, offset int64, buf []byte) *operation {
	if len(p.free) == 0 {
		p.grow(len(p.table))
	}
	o := p.free[len(p.free)-1]
	p.free = p.free[:len(p.free)-1]
	o.Kind, o.Dev, o.Offset, o.Buf = k, dev, offset, buf
	o.FUA, o.purpose = false, u
	p.ops = append(p.ops, &o.Op)
	return o
}

// newLogOp makes an operation on a cache's own device.
func (p *Port) newLogOp(c *Cache, u purpose, k block.Kind, offset int64, buf []byte) *operation {
	o := p.newOp(u, k, block.Cache, offset, buf)
	o.cache, o.Disk = c, c.disk
	return o
}

// retry puts an operation up once more.
func (p *Port) retry(o *operation) { p.ops = append(p.ops, &o.Op) }

func (p *Port) release(o *operation) {
	o.cache, o.req, o.rec, o.Buf, o.backing = nil, nil, nil, nil, backingFlush{}
	p.free = append(p.free, o)
}

// Ops hands over the operations that are to be started now. The slice is valid
// until the next call of any method.
func (p *Port) Ops() []*block.Op {
	ops := p.ops
	p.ops = p.ops[:0]
	return ops
}

// Answers hands over the requests that are answered. The slice is valid until
// the next call of any method.
func (p *Port) Answers() []*Request {
	a := p.answers
	p.answers = p.answers[:0]
	return a
}

// Submit takes a request in.
func (p *Port) Submit(r *Request) {
	r.begin(p)
	if err := r.check(); err != nil {
		r.Err = err
		p.answers = append(p.answers, r)
		return
	}
	r.Volume.submit(p, r)
	p.finish()
}

// Done takes the completion of an operation that this port gave out.
func (p *Port) Done(op *block.Op, err error) {
	o := p.table[op.Tag]
	switch o.purpose {
	case forPassThrough, forPassFlush:
		p.passedThrough(o, err)
	case forMiss, forHit:
		p.readDone(o, err)
	case forAround:
		o.cache.around(p, o, err)
	case forRecord:
		o.cache.recordWritten(p, o, err)
	case forBarrier:
		o.cache.flushed(p, o, err)
	case forSuper, forSuperFlush:
		o.cache.superDone(p, o, err)
	case forBypass:
		o.cache.bypassed(p, o, err)
	case forReread:
		o.cache.superReread(p, o, err)
	case forCompany:
		o.cache.gatherTimeout(p, o)
	case forSlotDiscard:
		o.cache.slotsDiscarded(p, o, err)
	case forBackingFlush:
		o.cache.backingFlushed(p, o, err)
	}
	p.finish()
}

// Poll takes in what other threads left for this port.
func (p *Port) Poll() {
	if !p.inboxFilled.Load() {
		return
	}
	p.mu.Lock()
	p.inboxFilled.Store(false)
	inbox, calls := p.inbox, p.calls
	p.inbox, p.calls = p.spare[:0], nil
	p.mu.Unlock()
	for _, r := range inbox {
		if r.resubmit {
			p.Submit(r)
		} else {
			p.answers = append(p.answers, r)
		}
	}
	p.spare = inbox[:0]
	for _, job := range calls {
		job(p)
	}
	p.finish()
}

// Retire says that the port's thread will end once what is under way has
// completed. What would follow from that is left to the caches' own threads.
func (p *Port) Retire() { p.retired = true }

// send leaves a request for the port, and tells whether the port must be woken.
// Any thread.
func (p *Port) send(r *Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbox = append(p.inbox, r)
	return !p.inboxFilled.Swap(true)
}

// Do runs job on the port's thread. Any thread; not for the hot path.
func (p *Port) Do(job func(*Port)) {
	p.mu.Lock()
	p.calls = append(p.calls, job)
	first := !p.inboxFilled.Swap(true)
	p.mu.Unlock()
	if first {
		p.wake()
	}
}

// answerNow completes a request that was never under way.
func (p *Port) answerNow(r *Request) { p.answers = append(p.answers, r) }

// answer completes a request on whichever port it came from.
func (p *Port) answer(r *Request, err error) {
	if r.Err == nil {
		r.Err = err
	}
	r.Volume.inflight.Add(-1)
	if r.port == p {
		p.answers = append(p.answers, r)
	} else if r.port.send(r) {
		p.toWake = append(p.toWake, r.port)
	}
}

// finish does what must not be done under a lock: the checksums of sealed
// records, whose images no longer change, and system calls.
func (p *Port) finish() {
	for _, other := range p.toWake {
		other.wake()
	}
	p.toWake = p.toWake[:0]
	for _, rec := range p.sealed {
		rec.encode()
		o := p.newLogOp(rec.cache, forRecord, block.Write, rec.offset, rec.image)
		o.rec, o.FUA = rec, rec.fua
	}
	p.sealed = p.sealed[:0]
}
