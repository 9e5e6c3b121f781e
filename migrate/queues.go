package migrate

import (
	"fmt"
	"math"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// Unlimited is the [Migrator.Limit] of a migrator as it is made.
const Unlimited = math.MaxInt64

// queues keep the backings of a batch apart: each has a share of the depth, so
// that a slow one does not fill it up and make the others wait.
type queues struct {
	todo     [segment.MaxDevices + 1]int // operations not done, by device
	inFlight [segment.MaxDevices + 1]int // of these, given out
	started  bool                        // the writing has
	total    [segment.MaxDevices + 1]int // operations that it began with, by device
	paced    bool                        // no more than left may be given out
	left     int64                       // bytes that may still go to the backings
	depth    int                         // operations on each backing; 0 = its share
	held     [segment.MaxDevices + 1]bool

	stopped bool // nothing may be written for now
}

// Limit lets so many more bytes go to the backings: no operation on them is
// given out from when they are used up, until the next call. It may be called
// at any time; a host that paces migration does it again and again. A last
// operation may go over the limit by its own length.
func (m *Migrator) Limit(bytes int64) { m.queues.paced, m.queues.left = bytes != Unlimited, bytes }

// Left is what is left of the limit.
func (m *Migrator) Left() int64 {
	if !m.queues.paced {
		return Unlimited
	}
	return m.queues.left
}

// Size is how many segments the batch under way has; 0 when there is none.
func (m *Migrator) Size() int {
	if m.state == idle {
		return 0
	}
	return len(m.batch)
}

// Busy tells whether the batch under way has more to do on a device.
func (m *Migrator) Busy(dev block.Dev) bool { return m.queues.todo[dev] > 0 }

// Abandon has the batch under way fail, with [ErrNoBacking], if it may still do
// something on a device: that is about to go, and [Source.BackingReady] says so
// already. From when it is not [Migrator.Busy] with the device any more, no
// operation of it is given out.
func (m *Migrator) Abandon(dev block.Dev) {
	unflushed := m.state == writing && slices.Contains(m.devs, dev) || m.state == flushing && m.Busy(dev)
	if m.err != nil || !unflushed {
		return
	}
	m.abandon(fmt.Errorf("device %d: %w", dev, ErrNoBacking))
}

func (m *Migrator) abandon(err error) {
	m.err = err
	m.drop()
	if m.done() {
		m.advance()
	}
}

// Depth bounds the operations under way on each backing; 0 = as many as it
// takes. It may be called at any time.
func (m *Migrator) Depth(n int) { m.queues.depth = n }

// Hold keeps operations from a backing until Release. It may be called at any
// time.
func (m *Migrator) Hold(dev block.Dev) { m.queues.held[dev] = true }

// Release lets the operations of all backings go on.
func (m *Migrator) Release() { clear(m.queues.held[:]) }

// Progress tells how many of the writes of the batch under way to a device are
// done, and how many there are in all. Before the writing begins there are none.
func (m *Migrator) Progress(dev block.Dev) (done, all int) {
	all = m.queues.total[dev]
	switch {
	case !m.queues.started:
		return 0, 0
	case m.state != writing:
		return all, all
	}
	return all - m.queues.todo[dev], all
}

// Ops hands over the operations to start now, appended to dst. Those of a
// backing keep their order.
func (m *Migrator) Ops(dst []*block.Op) []*block.Op {
	if len(m.pending) == 0 {
		return dst
	}
	may, err := m.src.MayWrite()
	if m.queues.stopped = !may; err != nil && m.err == nil {
		m.abandon(err)
		return dst
	}
	share, reads := maxDepth/max(1, len(m.devs)), readaheadDepth
	switch {
	case m.state == reading:
		reads = maxDepth
	case m.state == writing && !m.queues.started:
		m.queues.started = true
		m.queues.total = m.queues.todo
	}
	if m.queues.depth > 0 {
		share = m.queues.depth
	}
	kept := 0
	for i, op := range m.pending {
		if m.inFlight == maxDepth {
			kept += copy(m.pending[kept:], m.pending[i:])
			break
		}
		if m.patches.waits(op) || !m.queues.dispatch(op, share, reads) {
			m.pending[kept] = op
			kept++
			continue
		}
		m.inFlight++
		m.patches.equip(op)
		if op.Kind == block.Flush {
			m.src.FlushBegins(uint8(op.Dev))
		}
		dst = append(dst, op)
	}
	m.pending = m.pending[:kept]
	return dst
}

// dispatch takes an operation off its queue, if it may start now.
func (q *queues) dispatch(op *block.Op, share, reads int) bool {
	switch {
	case op.Dev == block.Cache:
		if q.inFlight[op.Dev] >= reads {
			return false
		}
	case q.stopped || q.held[op.Dev] || q.paced && q.left <= 0 || q.inFlight[op.Dev] >= share:
		return false
	case q.paced && op.Kind != block.Discard: // which is no data on the way
		q.left -= op.Bytes()
	}
	q.inFlight[op.Dev]++
	return true
}

// drop forgets the operations that were not given out, and what was read ahead.
func (m *Migrator) drop() {
	m.pending = append(m.pending, m.takeFailed()...)
	for _, op := range m.pending {
		m.queues.todo[op.Dev]--
		if op.Dev != block.Cache {
			m.writes--
		}
	}
	m.pool = append(m.pool, m.pending...)
	m.pending = m.pending[:0]
	m.readahead.spans = m.readahead.spans[:0]
}
