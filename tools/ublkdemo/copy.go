package main

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/ublk"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// keepBytes is the memory of a queue that data is moved through, end to end and
// from the start again: too much for a CPU's caches, like the memory of a
// server that keeps data.
const keepBytes = 64 << 20

// copying is the null device of a server that has a place of its own for all
// data: it moves the data of each request once, out of the request's buffer and
// into it, or with user copy straight from and to the client.
type copying struct{ user bool }

func (c copying) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	buf, err := mem.AllocResident(keepBytes)
	if err != nil {
		return nil, fmt.Errorf("memory to move data through: %w", err)
	}
	return &copyQueue{q: q, mem: buf, user: c.user}, nil
}

type copyQueue struct {
	idle
	q    *ublk.Queue
	mem  []byte
	at   int
	user bool
}

func (c *copyQueue) Close() { _ = mem.Free(c.mem) } // the process ends

func (c *copyQueue) Handle(reqs []*ublk.Request) {
	for _, r := range reqs {
		c.q.Complete(r, c.serve(r))
	}
}

func (c *copyQueue) serve(r *ublk.Request) int32 {
	n := int(r.Len())
	if c.at+n > len(c.mem) {
		c.at = 0
	}
	place := c.mem[c.at : c.at+n]
	c.at += n
	var err error
	switch {
	case n == 0:
	case c.user && r.Op == ublk.Write:
		err = c.q.Fetch(r, place, 0)
	case c.user:
		err = c.q.Fill(r, place, 0)
	case r.Op == ublk.Write:
		copy(place, r.Buf)
	default:
		copy(r.Buf, place)
	}
	if err != nil {
		return -int32(unix.EIO)
	}
	return r.Len()
}
