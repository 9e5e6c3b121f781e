package logcache

import (
	"errors"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestPortGrows: as many operations may be under way as there are requests, and
// each completion finds its own.
func TestPortGrows(t *testing.T) {
	const many = 1300 // the port begins with room for 512
	v, p := NewVolume(5, "v", many, 512), NewPort(func() {})
	reqs, tags := make([]Request, many), map[uint32]bool{}
	var ops []*block.Op
	for i := range reqs {
		reqs[i] = Request{Op: Read, LBA: uint64(i), Sectors: 1, Buf: make([]byte, 512), Volume: v}
		p.Submit(&reqs[i])
		for _, op := range p.Ops() {
			ops = append(ops, op)
			tags[op.Tag] = true
		}
	}
	if len(tags) != many {
		t.Fatalf("%d operations are told from each other, of %d", len(tags), many)
	}
	slices.Reverse(ops)
	for _, op := range ops {
		lba := op.Offset / 512
		op.Sink.Done(op, nil)
		if got := p.Answers(); len(got) != 1 || got[0] != &reqs[lba] {
			t.Fatalf("the read of sector %d has answered %v", lba, got)
		}
	}
}

// TestP9OutOfRange: a request is refused that reaches past the end, also one
// that would come round to the start.
func TestP9OutOfRange(t *testing.T) {
	v, p := NewVolume(5, "v", 64, 4096), NewPort(func() {})
	for _, c := range []struct {
		lba     uint64
		sectors uint32
		want    error
	}{
		{56, 8, nil}, {64, 8, ErrRange}, {56, 16, ErrRange}, {0, 72, ErrRange}, {1<<64 - 8, 16, ErrRange}, {4, 8, ErrUnaligned}, {0, 4, ErrUnaligned},
	} {
		q := &Request{Op: Write, LBA: c.lba, Sectors: c.sectors, Volume: v}
		p.Submit(q)
		succeed(p.Ops(), block.Write)
		if got := p.Answers(); len(got) != 1 || !errors.Is(q.Err, c.want) {
			t.Errorf("%d sectors at %d: %v, want %v", c.sectors, c.lba, q.Err, c.want)
		}
	}
}
