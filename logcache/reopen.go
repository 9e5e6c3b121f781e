package logcache

import (
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// This file has disks that went away and came back under a device that is in use.
// What such a disk had in its write cache may be gone, as after a flush that has
// failed, and whoever would take it for durable has to be told.

// direct counts the writes of a volume without a cache.
type direct struct {
	written atomic.Uint64 // those that the backing has answered
	durable atomic.Uint64 // of these, those that it was flushed after
	lost    atomic.Bool   // some may be lost, and no FLUSH was told yet
}

// flushed takes in that a flush succeeded which covers so many writes.
func (d *direct) flushed(covers uint64) {
	for was := d.durable.Load(); was < covers && !d.durable.CompareAndSwap(was, covers); was = d.durable.Load() {
	}
}

// Reopened tells that the disk of a volume, which is frozen and idle, was opened
// anew. Migration must have nothing under way there. Any thread.
func (v *Volume) Reopened() {
	defer v.lock()()
	c := v.cache.Load()
	if c == nil {
		if v.direct.written.Load() > v.direct.durable.Load() {
			v.direct.lost.Store(true)
		}
		return
	}
	c.ledgers[v.ID].failed++
	c.excuse(v)
}

// Flushed tells that the disk of a volume without a cache, which is frozen and
// idle, was flushed.
func (v *Volume) Flushed() { v.direct.flushed(v.direct.written.Load()) }

// tellsLost fails a FLUSH if writes without a cache may be lost since the last one.
func (v *Volume) tellsLost(r *Request) bool {
	if !v.direct.lost.Load() || !v.direct.lost.Swap(false) {
		return false
	}
	r.Err = ErrBypassLost
	return true
}

// covers is how many writes without a cache a flush that starts now makes durable.
func (v *Volume) covers(kind block.Kind) uint64 {
	if kind != block.Flush {
		return 0
	}
	return v.direct.written.Load()
}

// passed takes in what an operation without a cache, which has succeeded, did. A
// write with FUA is durable by its own flush.
func (v *Volume) passed(o *operation) {
	switch {
	case o.Kind == block.Flush:
		v.direct.flushed(o.backing.covers)
	case o.Kind != block.Read:
		v.direct.written.Add(1)
	}
}
