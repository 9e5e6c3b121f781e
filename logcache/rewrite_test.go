package logcache

import (
	"errors"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// TestP1NoImageNoLog: a write with FUA that fails may have cost records that were
// durable by writes of their own. If one's memory holds a later segment by now, it
// cannot be written again, and a log that may lack it must not go on.
func TestP1NoImageNoLog(t *testing.T) {
	r := attachedBench(t)
	p := NewPort(func() {})
	var ops []*blockdev.Op
	write := func(sectors uint32) *Request {
		q := &Request{Op: Write, FUA: true, LBA: uint64(len(ops)) * 16, Sectors: sectors, Buf: make([]byte, sectors*512), Volume: r.v}
		p.Submit(q)
		ops = append(ops, p.Ops()...)
		return q
	}
	first := r.c.nextID
	write(1)
	write(12) // no room for one more in this segment
	failing := write(8)
	succeed(ops[:2], blockdev.Write)
	write(5)
	last := write(1) // in the memory of the first two
	if id := r.c.cur.id; id != first+2 || len(ops) != 5 || r.c.bufs[first%2].id != id {
		t.Fatalf("%d records, up to segment %d after %d", len(ops), id, first)
	}
	p.Answers()
	ops[2].Sink.Done(ops[2], errors.New("a bad sector"))
	if _, err := r.c.Durable(0); !errors.Is(err, ErrBroken) || !errors.Is(err, errNoImage) {
		t.Errorf("the cache says %v", err)
	}
	answers := p.Answers()
	for _, q := range []*Request{failing, last} {
		if !slices.Contains(answers, q) || !errors.Is(q.Err, ErrBroken) {
			t.Errorf("the write at %d is answered with %v", q.LBA, q.Err)
		}
	}
}
