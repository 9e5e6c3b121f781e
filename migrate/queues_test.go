package migrate

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// enqueue makes n operations of 4 KiB on a device.
func (m *Migrator) enqueue(dev block.Dev, n int) {
	m.devs = append(m.devs, dev)
	for range n {
		m.queues.todo[dev]++
		m.pending = append(m.pending, &block.Op{Kind: block.Write, Dev: dev, Buf: make([]byte, 4096), Sink: m})
	}
}

// A slow backing has half of the depth and not all of it, and a limit is kept.
func TestLanes(t *testing.T) {
	m := &Migrator{src: &sorting{}, state: writing}
	m.enqueue(1, 1000)
	m.enqueue(2, 1000)
	count := func(ops []*block.Op) (n [3]int) {
		for _, op := range ops {
			n[op.Dev]++
		}
		return n
	}
	if done, all := m.Progress(1); done+all != 0 {
		t.Fatalf("%d of %d before it has begun", done, all)
	}
	ops := m.Ops(nil)
	if got := count(ops); got != [3]int{0, maxDepth / 2, maxDepth / 2} {
		t.Fatalf("given out: %v", got)
	}
	if more := m.Ops(nil); len(more) != 0 {
		t.Fatalf("%d more than the depth", len(more))
	}
	for _, op := range ops {
		if op.Dev == 2 {
			m.Done(op, nil)
		}
	}
	if got := count(m.Ops(nil)); got != [3]int{0, 0, maxDepth / 2} {
		t.Fatalf("given out when device 1 does not move: %v", got)
	}
	if done, all := m.Progress(2); done != maxDepth/2 || all != 1000 {
		t.Fatalf("%d of %d done", done, all)
	}
	m.queues.inFlight, m.inFlight = [len(m.queues.inFlight)]int{}, 0
	m.Depth(2)
	if got := count(m.Ops(nil)); got != [3]int{0, 2, 2} {
		t.Fatalf("given out at depth 2: %v", got)
	}
	m.Depth(0)
	m.queues.inFlight, m.inFlight = [len(m.queues.inFlight)]int{}, 0
	m.Hold(1)
	if got := count(m.Ops(nil)); got != [3]int{0, 0, maxDepth / 2} {
		t.Fatalf("given out while device 1 is held: %v", got)
	}
	m.Release()
	m.queues.inFlight, m.inFlight = [len(m.queues.inFlight)]int{}, 0
	m.Limit(0)
	if more := m.Ops(nil); len(more) != 0 {
		t.Fatalf("%d operations at limit 0", len(more))
	}
	m.Limit(9000)
	if more := m.Ops(nil); len(more) != 3 || m.Left() != 9000-3*4096 {
		t.Fatalf("%d operations at limit 9000, %d left", len(more), m.Left())
	}
	m.Limit(Unlimited)
	if more := m.Ops(nil); len(more) == 0 || !m.Busy(1) || m.Left() != Unlimited {
		t.Fatal("nothing goes on without a limit")
	}
}
