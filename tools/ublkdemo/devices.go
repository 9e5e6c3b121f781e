package main

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/ublk"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// null answers every request at once, and keeps nothing.
type null struct{}

func (null) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) { return &nullQueue{q: q}, nil }

type nullQueue struct {
	idle
	q *ublk.Queue
}

func (n *nullQueue) Handle(reqs []*ublk.Request) {
	for _, r := range reqs {
		n.q.Complete(r, r.Len())
	}
}

// ram keeps the device in memory. Requests that overlap in time are the
// client's business, as with any disk.
type ram struct{ data []byte }

func newRAM(size uint64) (ublk.Handler, error) {
	data, err := mem.Alloc(int(size))
	if err != nil {
		return nil, fmt.Errorf("memory for the device: %w", err)
	}
	return &ram{data: data}, nil
}

func (d *ram) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	return &ramQueue{q: q, data: d.data}, nil
}

type ramQueue struct {
	idle
	q    *ublk.Queue
	data []byte
}

func (d *ramQueue) Handle(reqs []*ublk.Request) {
	for _, r := range reqs {
		d.q.Complete(r, d.serve(r))
	}
}

func (d *ramQueue) serve(r *ublk.Request) int32 {
	from, n := r.Sector*ublk.SectorSize, uint64(r.Sectors)*ublk.SectorSize
	if from+n > uint64(len(d.data)) {
		return -int32(unix.EIO)
	}
	at := d.data[from : from+n]
	switch r.Op {
	case ublk.Read:
		copy(r.Buf, at)
	case ublk.Write:
		copy(at, r.Buf)
	case ublk.Discard, ublk.WriteZeroes:
		clear(at)
	}
	return r.Len()
}

// idle is the part of a handler that puts no I/O of its own on the ring and is
// never woken.
type idle struct{}

func (idle) Completed(uint64, int32) {}
func (idle) Woken()                  {}
func (idle) Quiesce()                {}
func (idle) Close()                  {}
