package logcache

import (
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// succeed completes operations, and returns how many of a kind there were.
func succeed(ops []*block.Op, kind block.Kind) (n int) {
	for _, op := range slices.Clone(ops) {
		if op.Kind == kind {
			n++
		}
		op.Sink.Done(op, nil)
	}
	return n
}

// TestRetiredPortStartsNoRecord: the thread of a port that is retired is about
// to end. What follows from its last completions is done by the cache's own,
// and nothing waits for ever.
func TestRetiredPortStartsNoRecord(t *testing.T) {
	r := attachedBench(t)
	p, b := NewPort(func() {}), r.c.Background()
	for i := range uint64(maxFUARecords + 1) {
		p.Submit(&Request{Op: Write, FUA: true, LBA: i, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	}
	ops := inline.Take(p)
	if len(ops) != maxFUARecords {
		t.Fatalf("%d records are under way", len(ops))
	}
	p.Retire()
	succeed(ops, block.Write)
	if n := len(p.Ops()); n > 0 {
		t.Errorf("a retired port has started %d operations", n)
	}
	answered := len(p.Answers())
	b.Poll()
	if n := succeed(b.Ops(), block.Write); n != 1 {
		t.Errorf("the cache's own port has written %d records", n)
	}
	p.Poll()
	if answered += len(p.Answers()); answered != maxFUARecords+1 {
		t.Errorf("%d of %d writes are answered", answered, maxFUARecords+1)
	}
}

// TestRetiredPortFlushesNoLog: the same of a FLUSH that began with one of the
// backing.
func TestRetiredPortFlushesNoLog(t *testing.T) {
	r := attachedBench(t)
	r.v.SetBypass(Bypass{Cutoff: 1})
	p, b := NewPort(func() {}), r.c.Background()
	write := &Request{Op: Write, LBA: 320, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v}
	p.Submit(write)
	if succeed(p.Ops(), block.Write); !write.Bypassed() {
		t.Fatal("the write did not bypass the log")
	}
	p.Answers()
	flush := &Request{Op: Flush, Volume: r.v}
	p.Submit(flush)
	p.Retire()
	succeed(p.Ops(), block.Flush)
	writeByte(t, r, NewPort(func() {}), 3, 1) // so that the log is not durable as it is
	if n := len(p.Ops()) + len(p.Answers()); n > 0 {
		t.Errorf("a retired port has done %d things", n)
	}
	b.Poll()
	for ops := b.Ops(); len(ops) > 0; ops = b.Ops() {
		succeed(ops, block.Flush)
	}
	p.Poll()
	if got := p.Answers(); len(got) != 1 || got[0] != flush || flush.Err != nil {
		t.Errorf("answered %v", got)
	}
}
