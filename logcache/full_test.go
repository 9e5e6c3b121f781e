package logcache

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// writable is a cache in memory with an attached volume, and memory for all of
// its log.
func writable(t *testing.T, logBytes int) *bench {
	m := make(inline.Memory, segment.LogOffset+logBytes)
	if _, err := Format(m, FormatOptions{DeviceSize: uint64(len(m)), BlockSize: 512, SegmentSize: 8 << 10, Nonce: 3}); err != nil {
		t.Fatal(err)
	}
	c, _, err := Resume(m, Config{Wake: func() {}, BufferBytes: logBytes})
	if err != nil {
		t.Fatal(err)
	}
	r := &bench{t: t, m: m, c: c, b: segment.Binding{ID: 5}}
	r.volume(1 << 30)
	if err := r.attach(nil); err != nil {
		t.Fatal(err)
	}
	r.v.Unfreeze()
	return r
}

// TestRecordsUnderWay: of records that are not written yet there may be so
// many, and a write that needs another one waits until one is.
func TestRecordsUnderWay(t *testing.T) {
	r := writable(t, 16<<20)
	p := NewPort(func() {})
	var ops []*block.Op
	for i := uint64(0); r.c.Status().WaitingWrites == 0; i++ {
		if i > 4*maxRecords {
			t.Fatalf("%d records are under way, and no write waits", len(ops))
		}
		p.Submit(&Request{Op: Write, LBA: 16 * i, Sectors: 14, Buf: make([]byte, 14*512), Volume: r.v})
		ops = append(ops, p.Ops()...)
	}
	if len(ops) != maxRecords-1 && len(ops) != maxRecords {
		t.Errorf("%d records are under way, at most %d can be", len(ops), maxRecords)
	}
	p.Answers()
	ops[1].Sink.Done(ops[1], nil)
	if n := len(p.Answers()); n != 0 {
		t.Errorf("%d writes go on, before the first record is written", n)
	}
	ops[0].Sink.Done(ops[0], nil)
	if n := len(p.Answers()); n != 1 || r.c.Status().WaitingWrites != 0 {
		t.Errorf("%d writes are answered, %d wait", n, r.c.Status().WaitingWrites)
	}
}

// TestZeroesToARecord: a record says of so much that it is zeroes, or of one
// request.
func TestZeroesToARecord(t *testing.T) {
	r := writable(t, 64<<20)
	p := NewPort(func() {})
	discard := func(sectors uint32) (seq uint64) {
		p.Submit(&Request{Op: Discard, Sectors: sectors, Volume: r.v})
		if got := p.Answers(); len(got) != 1 || got[0].Err != nil {
			t.Fatalf("answered %v", got)
		}
		return r.c.cur.rec.Seq
	}
	first := discard(recordZeroes / 2)
	for i, c := range []struct {
		sectors uint32
		records uint64
	}{{recordZeroes / 2, 0}, {8, 1}, {2 * recordZeroes, 2}, {8, 3}, {recordZeroes - 8, 3}} {
		if seq := discard(c.sectors); seq != first+c.records {
			t.Errorf("discard %d of %d sectors is in record %d, want %d", i, c.sectors, seq-first, c.records)
		}
	}
}
