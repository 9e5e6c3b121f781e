package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

func writeByte(t *testing.T, r *bench, p *Port, lba uint64, what byte) {
	t.Helper()
	b := make([]byte, 512)
	for i := range b {
		b[i] = what
	}
	p.Submit(&Request{Op: Write, LBA: lba, Sectors: 1, Buf: b, Volume: r.v})
	if got := p.Answers(); len(got) != 1 || got[0].Err != nil {
		t.Fatalf("write: %v", got)
	}
}

func attachedBench(t *testing.T) *bench {
	disk := full(benchSectors, 1)
	r := newBench(t, disk)
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	r.v.Unfreeze()
	return r
}

// TestP8NoSegmentEndsInDoubt: after a sleep nothing is written before the
// superblock was read again, not even what the drain asks for.
func TestP8NoSegmentEndsInDoubt(t *testing.T) {
	r := attachedBench(t)
	writeByte(t, r, NewPort(func() {}), 3, 1)
	p := r.c.Background()
	p.Ops()
	r.c.Suspect()
	r.c.CloseCurrent()
	for _, op := range p.Ops() {
		if op.Kind == block.Write {
			t.Errorf("a write of %d bytes at byte %d of the log was issued while it is in doubt", len(op.Buf), op.Offset)
		}
	}
}

// TestP8NothingIsTriedAgainInDoubt, such as a record that failed.
func TestP8NothingIsTriedAgainInDoubt(t *testing.T) {
	r := attachedBench(t)
	q := NewPort(func() {})
	writeByte(t, r, q, 3, 1)
	p := r.c.Background()
	r.c.CloseCurrent()
	var rec *block.Op
	for _, op := range inline.Take(p) {
		if op.Kind == block.Write {
			rec = op
		}
	}
	if rec == nil {
		t.Fatal("no record")
	}
	r.c.Suspect()
	p.Ops()
	p.Done(rec, errors.New("reset by resume"))
	for _, op := range p.Ops() {
		if op.Kind == block.Write {
			t.Errorf("a record is written again, at byte %d, while the log is in doubt", op.Offset)
		}
	}
}

// TestP8NoSlotIsDiscardedInDoubt: it may be another's by now.
func TestP8NoSlotIsDiscardedInDoubt(t *testing.T) {
	r := attachedBench(t)
	r.c.SetDiscardSlots(true)
	writeByte(t, r, NewPort(func() {}), 3, 1)
	p := r.c.Background()
	last := r.c.CloseCurrent()
	r.carryOut(p)
	r.c.Sorting()
	r.c.Migrated(last, func(err error) {})
	// the superblock is under way; the machine sleeps
	for n := 0; ; n++ {
		ops := inline.Take(p)
		if len(ops) == 0 {
			break
		}
		for _, op := range ops {
			if n == 3 && op.Kind == block.Flush { // that of the second copy
				r.c.Suspect()
			}
			if op.Kind == block.Discard {
				if r.c.doubt.on() {
					t.Errorf("%d bytes of the log at byte %d are discarded while it is in doubt", op.Length, op.Offset)
				}
				op.Sink.Done(op, nil)
				continue
			}
			var err error
			switch op.Kind {
			case block.Read:
				if r.c.doubt.on() && n < 100 {
					continue // the look takes a while
				}
			case block.Write:
				_, err = r.m.WriteAt(op.Buf, op.Offset)
			}
			op.Sink.Done(op, err)
		}
	}
}

// TestP8AnothersLogIsNotRead by a cache that knows that it is another's.
func TestP8AnothersLogIsNotRead(t *testing.T) {
	r := attachedBench(t)
	q := NewPort(func() {})
	p := r.c.Background()
	// enough to leave the RAM buffers
	for i := range 64 {
		writeByte(t, r, q, uint64(i), byte(i+1))
		r.c.CloseCurrent()
		r.carryOut(p)
		r.carryOut(q)
	}
	// the other life: a new epoch, and the slots have something else in them
	s, err := ReadSuper(r.m)
	if err != nil {
		t.Fatal(err)
	}
	s.Epoch++
	if err := writeSuperSync(r.m, s); err != nil {
		t.Fatal(err)
	}
	for i := segment.LogOffset; i < len(r.m); i++ {
		r.m[i] = 0xee
	}
	r.c.Suspect()
	for range 4 {
		for _, op := range inline.Take(p) {
			var err error
			if op.Kind == block.Read {
				_, err = r.m.ReadAt(op.Buf, op.Offset)
			}
			op.Sink.Done(op, err)
		}
	}
	if _, err := r.c.LastMigrated(); !errors.Is(err, ErrOtherLife) {
		t.Fatalf("it is %v", err)
	}
	req := &Request{Op: Read, LBA: 0, Sectors: 1, Buf: make([]byte, 512), Volume: r.v}
	q.Submit(req)
	for _, op := range inline.Take(q) {
		if op.Kind == block.Read && op.Dev == block.Cache {
			_, err := r.m.ReadAt(op.Buf, op.Offset)
			op.Sink.Done(op, err)
		}
	}
	if got := q.Answers(); len(got) == 1 && got[0].Err == nil && req.Buf[0] == 0xee {
		t.Error("a read got, without an error, what another life wrote to that slot")
	}
}
