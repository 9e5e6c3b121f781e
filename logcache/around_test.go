package logcache

import (
	"errors"
	"io"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// TestP9AroundBadSector: of a block of which the log has a part, the backing must give
// the rest, or the read fails; not the cache, and nothing stays behind.
func TestP9AroundBadSector(t *testing.T) {
	disk := full(benchSectors, 1)
	r := newBench(t, disk) // the log has sector 0
	r.v = NewVolume(5, "v", benchSectors, 4096)
	r.v.Fence()
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	r.v.Unfence()
	p := NewPort(func() {})
	p.Submit(&Request{Op: Read, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v})
	ops := p.Ops()
	if len(ops) != 1 || ops[0].Dev != 5 || ops[0].Kind != blockdev.Read {
		t.Fatalf("%d operations, want a read of the backing", len(ops))
	}
	ops[0].Sink.Done(ops[0], io.ErrUnexpectedEOF)
	if got := p.Answers(); len(got) != 1 || !errors.Is(got[0].Err, io.ErrUnexpectedEOF) {
		t.Errorf("answered %v", got)
	}
	if n := r.v.Errors(); n != 1 || !r.v.Quiet() || len(p.Ops()) != 0 {
		t.Errorf("%d errors are counted, quiet %v", n, r.v.Quiet())
	}
}
