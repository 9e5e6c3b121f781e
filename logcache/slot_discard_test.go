package logcache

import (
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestP5DiscardsOfSlots: slots are discarded in runs, but for one that is being
// read; no slot is used again before its discard is done; and what is migrated
// meanwhile has its turn after that.
func TestP5DiscardsOfSlots(t *testing.T) {
	r := attachedBench(t)
	r.c.SetDiscardSlots(true)
	p, b := NewPort(func() {}), r.c.Background()
	for i := range uint64(6) { // a segment each behind the first, and memory for two
		writeByte(t, r, p, 100+i, byte(i))
		r.c.CloseCurrent()
		r.carryOut(b)
	}
	p.Submit(&Request{Op: Read, LBA: 101, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	read := pick(t, inline.Take(p), block.Read)
	var discards []*block.Op
	migrated := func(id uint64) (begun [][2]uint64) {
		r.c.Migrated(id, func(error) {})
		h := r.host()
		for ops := inline.Take(b); len(ops) > 0; ops = inline.Take(b) {
			for _, op := range ops {
				if op.Kind != block.Discard {
					h.Do(op)
					continue
				}
				discards = append(discards, op)
				slot := uint64(op.Offset-r.c.geo.SlotOffset(0)) / uint64(r.c.geo.SegmentSize)
				begun = append(begun, [2]uint64{slot, uint64(op.Length) / uint64(r.c.geo.SegmentSize)})
			}
		}
		return begun
	}
	if got, want := migrated(5), [][2]uint64{{0, 2}, {3, 2}}; !slices.Equal(got, want) {
		t.Errorf("discards of %d, want %d: slot 2 is being read", got, want)
	}
	if got := migrated(7); len(got) != 0 || r.c.slotDiscard.freed != 0 {
		t.Errorf("beside those: %d, and the slots up to segment %d are free", got, r.c.slotDiscard.freed)
	}
	read.Sink.Done(read, nil)
	for _, op := range slices.Clone(discards) {
		op.Sink.Done(op, nil)
	}
	if got := inline.Take(b); len(got) != 1 || got[0].Length != 2*int64(r.c.geo.SegmentSize) || r.c.slotDiscard.freed != 5 {
		t.Errorf("%d discards of the rest, and the slots up to segment %d are free", len(got), r.c.slotDiscard.freed)
	}
}
