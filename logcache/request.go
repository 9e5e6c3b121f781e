package logcache

import (
	"errors"
	"time"
)

// Op is what a request asks for.
type Op uint8

// Operations on a volume.
const (
	Read    Op = iota // fill Buf
	Write             // store Buf
	Flush             // make every write answered before now durable
	Discard           // let the sectors read as zeroes from now on, and give their room back
	Zero              // let them read as zeroes, and stay allocated
)

var (
	// ErrBroken is why requests fail when the log cannot be continued: the cache
	// device refused a write or a flush for good, or see [BrokenError] for why
	// else. Data that was not durable may be lost; resume the cache again to go
	// on from what is.
	ErrBroken = errors.New("the log cannot be continued")
	// ErrRange is returned for a request that reaches past the end of the volume.
	ErrRange = errors.New("request reaches past the end of the device")
	// ErrUnaligned is returned for a request that is not of whole logical blocks
	// of the volume.
	ErrUnaligned = errors.New("request is not of whole blocks of the device")
)

// Request is one request to a volume. The caller fills the first group and
// keeps it and Buf untouched until the port gives it back.
type Request struct {
	Op      Op
	FUA     bool   // with Write, Discard and Zero: durable before it is answered
	LBA     uint64 // in sectors
	Sectors uint32
	Buf     []byte // of a Read or Write: Sectors × 512 bytes, page memory outside the Go heap
	Volume  *Volume
	Tag     uint32 // the caller's

	Err error // set when answered

	port     *Port
	done     uint32        // sectors of a write already in the log
	pending  int32         // device operations under way
	need     uint64        // barrier: the sequence that must be durable
	arrived  time.Duration // of a barrier: when, if that is measured
	next     *Request
	resubmit bool   // in the inbox: submit once more, do not answer
	turn     uint64 // of a write that waits: smaller goes first
	place    uint64
	route    Route
}

// Place is a write's place among those of its cache, in the order in which they
// went to the log or past it. It is 0 while the write waits, or is held by a
// freeze; of those that pass through all have the same.
func (r *Request) Place() uint64 { return r.place }

// begin prepares a request that a port takes in.
func (r *Request) begin(p *Port) {
	r.port, r.done, r.pending, r.need, r.arrived, r.place, r.Err, r.resubmit, r.route = p, 0, 0, 0, 0, 0, nil, false, Logged
}

// inside tells whether a request stays within its volume.
func (r *Request) inside() bool {
	return uint64(r.Sectors) <= r.Volume.Sectors && r.LBA <= r.Volume.Sectors-uint64(r.Sectors)
}

// check refuses what the volume does not serve.
func (r *Request) check() error {
	switch {
	case r.Op == Flush:
		return nil
	case !r.inside():
		return ErrRange
	case (uint32(r.LBA)|r.Sectors)&(r.Volume.BlockSectors-1) != 0:
		return ErrUnaligned
	}
	return nil
}

// overlaps tells whether two requests of a volume have a sector in common.
func (r *Request) overlaps(w *Request) bool {
	return r.LBA < w.LBA+uint64(w.Sectors) && w.LBA < r.LBA+uint64(r.Sectors)
}

// queue is a FIFO of requests, linked through them.
type queue struct {
	head, tail *Request
	n          int
}

func (q *queue) push(r *Request) {
	r.next = nil
	if q.head == nil {
		q.head = r
	} else {
		q.tail.next = r
	}
	q.tail = r
	q.n++
}

func (q *queue) pop() *Request {
	r := q.head
	q.head = r.next
	r.next = nil
	q.n--
	return r
}
