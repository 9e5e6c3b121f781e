package logcache

import (
	"errors"
	"io"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// around is a read of a block of which the log has a sector, and its operation.
func around(t *testing.T) (*bench, *Port, *Request, *block.Op) {
	t.Helper()
	disk := full(benchSectors, 1)
	r := newBench(t, disk) // the log has sector 0
	r.v = NewVolume(5, "v", benchSectors, 4096)
	r.v.Freeze()
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	r.v.Unfreeze()
	p := NewPort(func() {})
	q := &Request{Op: Read, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v}
	p.Submit(q)
	op := pick(t, inline.Take(p), block.Read)
	if op.Dev != 5 {
		t.Fatalf("device %d is read", op.Dev)
	}
	return r, p, q, op
}

// TestP2AroundWhatMoves: what the log had when the read began may be on the
// backing since, and then what was read there may be older than both. It is
// read again.
func TestP2AroundWhatMoves(t *testing.T) {
	r, p, q, op := around(t)
	at := r.c.geo.SlotSector(0) + 1
	r.c.Forget([]segment.Placed{{Extent: segment.Extent{Device: 5, Kind: segment.Data, Sectors: 1}, At: at}})
	op.Buf[0] = 7 // older
	op.Sink.Done(op, nil)
	again := pick(t, inline.Take(p), block.Read)
	if n := len(p.Answers()); n > 0 || again.Dev != 5 || again.Offset != op.Offset || len(again.Buf) != 4096 {
		t.Fatalf("%d answers; %d bytes at %d of device %d are read", n, len(again.Buf), again.Offset, again.Dev)
	}
	again.Buf[0] = 8
	again.Sink.Done(again, nil)
	if got := p.Answers(); len(got) != 1 || q.Err != nil || q.Buf[0] != 8 {
		t.Errorf("%d answers, %v, the first byte is %d", len(got), q.Err, q.Buf[0])
	}
}

// TestP9AroundBadSector: of a block of which the log has a part, the backing
// must give the rest, or the read fails; not the cache, and nothing stays
// behind.
func TestP9AroundBadSector(t *testing.T) {
	r, p, q, op := around(t)
	op.Sink.Done(op, io.ErrUnexpectedEOF)
	if got := p.Answers(); len(got) != 1 || !errors.Is(q.Err, io.ErrUnexpectedEOF) {
		t.Errorf("answered %v, %v", got, q.Err)
	}
	if n := r.v.Status().Errors; n != 1 || !r.v.Idle() || len(p.Ops()) != 0 {
		t.Errorf("%d errors are counted, quiet %v", n, r.v.Idle())
	}
}
