package logcache

import (
	"errors"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestP1NoImageNoLog: a write with FUA that fails may have cost records that were
// durable by writes of their own. If one's memory holds a later segment by now, it
// cannot be written again, and a log that may lack it must not go on.
func TestP1NoImageNoLog(t *testing.T) {
	r := attachedBench(t)
	p := NewPort(func() {})
	var ops []*block.Op
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
	succeed(ops[:2], block.Write)
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

// TestP1AllIsWrittenAgain: a write with FUA that fails may have cost every
// record that was not durable when it began: those under way, and those that
// are durable by writes of their own. Each is on the device once more, with a
// flush behind them all, before anybody is answered.
func TestP1AllIsWrittenAgain(t *testing.T) {
	r := attachedBench(t)
	p := NewPort(func() {})
	for i := range uint64(3) {
		p.Submit(&Request{Op: Write, FUA: true, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	}
	ops := inline.Take(p)
	at := func(ops []*block.Op) (offsets []int64) {
		for _, op := range ops {
			offsets = append(offsets, op.Offset)
		}
		slices.Sort(offsets)
		return offsets
	}
	all := at(ops)
	ops[0].Sink.Done(ops[0], nil)
	if n := len(p.Answers()); n != 1 || len(all) != 3 {
		t.Fatalf("%d of %d writes are answered", n, len(all))
	}
	ops[1].Sink.Done(ops[1], errors.New("reset"))
	again := inline.Take(p)
	if got, want := at(again), []int64{all[0], all[1]}; !slices.Equal(got, want) {
		t.Errorf("written again at %d, want %d", got, want)
	}
	ops[2].Sink.Done(ops[2], nil) // the device may have lost it since
	if got := at(p.Ops()); !slices.Equal(got, all[2:]) {
		t.Errorf("then at %d, want %d", got, all[2:])
	}
	succeed(append(again, ops[2]), block.Write)
	if n := len(p.Answers()); n != 0 {
		t.Errorf("%d writes are answered before the flush", n)
	}
	flush := pick(t, inline.Take(p), block.Flush)
	flush.Sink.Done(flush, nil)
	if n := len(p.Answers()); n != 2 {
		t.Errorf("%d writes are answered behind the flush", n)
	}
}
