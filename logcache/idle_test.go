package logcache

import (
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestChecksumsOfReplacedData: whatever is replaced in a record after it was
// summed, its checksums are those of what it holds in the end.
func TestChecksumsOfReplacedData(t *testing.T) {
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	buf := make([]byte, 24*segment.SectorSize)
	for round := range 200 {
		for range 20 {
			q := &r.reqs[r.next%len(r.reqs)]
			r.next++
			q.Op, q.LBA, q.Sectors = Write, rnd.Uint64N(40), 1+rnd.Uint32N(24)
			q.Buf = buf[:q.Sectors*segment.SectorSize]
			for i := range q.Buf {
				q.Buf[i] = byte(rnd.Uint32())
			}
			r.p.Submit(q)
			r.p.Idle()
		}
		r.c.lock()
		r.c.seal(r.p, true)
		r.c.mu.Unlock()
		r.p.finish()
		for _, op := range r.p.Ops() {
			if op.Kind == block.Write {
				if err := verify(r.c, r.p.table[op.Tag].rec); err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
			}
			op.Sink.Done(op, nil)
		}
		r.p.Answers()
	}
	if s := r.c.stats.InPlace; s < 100 {
		t.Errorf("only %d writes replaced data", s)
	}
}

// verify reads a sealed record as recovery would.
func verify(c *Cache, r *record) error {
	got, err := segment.ParseRecord(r.image, c.geo, r.Nonce, r.Segment, r.Position)
	if err != nil {
		return err
	}
	return got.VerifyPayload(r.image[int(r.HeaderSectors)*segment.SectorSize:])
}

// TestIdleWorkIsToldFirst: a thread asks before it gives its rest up, and there
// is work as long as some is done.
func TestIdleWorkIsToldFirst(t *testing.T) {
	r := newRig(t)
	if r.p.HasIdleWork() {
		t.Error("there is work before there was a write")
	}
	for i := range uint64(2*idleChunks + 1) {
		r.do(Write, i, false)
	}
	for round := range 2 {
		if !r.p.HasIdleWork() {
			t.Fatalf("no work in round %d", round)
		}
		r.p.Idle()
		if n := len(r.c.cur.rec.sums); n != (round+1)*idleChunks {
			t.Errorf("%d checksums are known after round %d", n, round)
		}
	}
	if r.p.HasIdleWork() {
		t.Error("one chunk is work")
	}
}
