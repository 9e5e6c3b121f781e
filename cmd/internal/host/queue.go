package host

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk"
	"golang.org/x/sys/unix"
)

// queue runs one port on the thread and the ring of one ublk queue.
type queue struct {
	dev  *Device
	q    *ublk.Queue
	port *logcache.Port
	exec *blockdev.Executor

	reqs  []logcache.Request // by tag
	owner []*ublk.Request    // by tag

	timing     timing
	registered registered
}

// NewQueue makes the handler of a queue. It is called on the queue's thread.
func (d *Device) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	h := &queue{dev: d, q: q, reqs: make([]logcache.Request, q.Depth()), owner: make([]*ublk.Request, q.Depth())}
	h.port = logcache.NewPort(q.Wake)
	h.exec = blockdev.NewExecutor(q.Ring(), q.SQE, h.fd)
	h.exec.CountReads(&d.reads)
	h.registered.ring = q.Ring()
	h.registered.switchTo(d.Cache())
	return h, nil
}

// fd is the only backing that this port's operations can go to.
func (h *queue) fd(block.Dev) int { return h.dev.Backing().FD() }

// Handle takes new requests.
func (h *queue) Handle(reqs []*ublk.Request) {
	for _, u := range reqs {
		r := &h.reqs[u.Tag]
		h.owner[u.Tag] = u
		*r = logcache.Request{LBA: u.Sector, Sectors: u.Sectors, Buf: u.Buf, FUA: u.FUA, Volume: h.dev.vol, Tag: uint32(u.Tag)}
		switch u.Op {
		case ublk.Read:
			r.Op = logcache.Read
		case ublk.Write:
			r.Op = logcache.Write
		case ublk.Flush:
			r.Op, r.LBA, r.Sectors = logcache.Flush, 0, 0
		case ublk.Discard:
			r.Op = logcache.Discard
		case ublk.WriteZeroes:
			r.Op = logcache.Discard // which promises zeroes, and spares the backing their room
			if u.NoUnmap {
				r.Op = logcache.Zero
			}
		default:
			h.q.Complete(u, -int32(unix.EOPNOTSUPP))
			continue
		}
		h.port.Submit(r)
	}
	h.pump()
}

// Completed takes the completion of one of our operations.
func (h *queue) Completed(userData uint64, res int32) {
	h.timing.end(h.exec.Completed(userData, res), h.latency())
	h.pump()
}

// latency is that of the device's cache, or nil.
func (h *queue) latency() *latency {
	if c := h.dev.Cache(); c != nil {
		return &c.latency
	}
	return nil
}

// Woken takes in what other threads left.
func (h *queue) Woken() {
	h.port.Poll()
	h.pump()
}

// HasIdleWork tells whether there is work for Idle.
func (h *queue) HasIdleWork() bool { return h.port.HasIdleWork() }

// Idle does what can wait until there is nothing else to do.
func (h *queue) Idle() { h.port.Idle() }

// Quiesce has nothing to cancel: every operation ends by itself, and no new ones
// follow.
func (h *queue) Quiesce() { h.port.Retire() }

// Close has nothing to give back.
func (h *queue) Close() {}

// pump starts operations and answers requests.
func (h *queue) pump() {
	h.registered.switchTo(h.dev.Cache())
	l := h.latency()
	timed := l != nil && l.measures()
	for _, op := range h.port.Ops() {
		if timed {
			h.timing.start(op)
		}
		h.exec.Start(op)
	}
	for _, r := range h.port.Answers() {
		u := h.owner[r.Tag]
		if r.Err != nil {
			h.q.Complete(u, errno(r.Err))
			continue
		}
		h.q.Complete(u, u.Len())
	}
}

// errno is what the kernel is told of an error.
func errno(err error) int32 {
	var e unix.Errno
	if errors.As(err, &e) && e != 0 {
		return -int32(e)
	}
	return -int32(unix.EIO)
}
