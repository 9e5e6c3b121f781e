package logcache

import (
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// nullDevice is a formatted cache device that forgets the log.
type nullDevice struct{ super [2][]byte }

func (d *nullDevice) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if i := off / segment.SuperSpace; i < 2 && off%segment.SuperSpace == 0 {
		copy(b, d.super[i])
	}
	return len(b), nil
}

func (d *nullDevice) WriteAt(b []byte, off int64) (int, error) {
	if i := off / segment.SuperSpace; i < 2 && off%segment.SuperSpace == 0 {
		d.super[i] = append([]byte(nil), b[:min(len(b), segment.SuperSpace)]...)
	}
	return len(b), nil
}

func (d *nullDevice) Flush() error { return nil }

// rig drives one port whose operations all succeed at once.
type rig struct {
	c    *Cache
	p    *Port
	v    *Volume
	reqs []Request
	next int
	done int
	ops  []*block.Op
}

const rigBlocks = 1 << 16

func newRig(tb testing.TB) *rig {
	tb.Helper()
	dev := &nullDevice{}
	if _, err := Format(dev, FormatOptions{DeviceSize: 1 << 30, BlockSize: 512, Nonce: 1}); err != nil {
		tb.Fatal(err)
	}
	c, _, err := Resume(dev, Config{Wake: func() {}})
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{c: c, p: NewPort(func() {}), v: NewVolume(1, "v", rigBlocks*8, 512), reqs: make([]Request, 64)}
	c.Attach(r.v, segment.Binding{ID: 1, Sectors: rigBlocks * 8}, nil, func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	})
	c.Background().Poll()
	r.drive(c.Background())
	buf, err := mem.Alloc(len(r.reqs) * 4096)
	if err != nil {
		tb.Fatal(err)
	}
	for i := range r.reqs {
		r.reqs[i] = Request{Volume: r.v, Buf: buf[i*4096 : (i+1)*4096], Sectors: 8}
	}
	tb.Cleanup(func() {
		if err := c.Free(); err != nil {
			tb.Error(err)
		}
		if err := mem.Free(buf); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// drive completes operations until there are none.
func (r *rig) drive(p *Port) {
	for {
		r.ops = append(r.ops[:0], p.Ops()...)
		if len(r.ops) == 0 {
			break
		}
		for _, op := range r.ops {
			op.Sink.Done(op, nil)
		}
	}
	r.done += len(p.Answers())
}

// do runs one request to its end, and frees the ring when it is nearly full,
// as the migration would.
func (r *rig) do(op Op, block uint64, fua bool) {
	q := &r.reqs[r.next%len(r.reqs)]
	r.next++
	q.Op, q.LBA, q.FUA = op, block*8, fua
	r.p.Submit(q)
	r.drive(r.p)
	if r.c.nextID-r.c.lastMigrated > r.c.geo.Slots-2 {
		r.c.durableSeq, r.c.fuaSeq = r.c.writtenSeq, r.c.writtenSeq
		r.c.lastMigrated = r.c.nextID - 2
		r.c.slotDiscard.freed = r.c.lastMigrated
	}
}

// past writes a block that bypasses the log, if it may.
func (r *rig) past(block uint64) {
	r.v.bypass.Cutoff = 1
	r.do(Write, block, false)
	r.v.bypass.Cutoff = 0
}

func paths(r *rig, rnd *rand.Rand) map[string]func() {
	block := func() uint64 { return rnd.Uint64N(rigBlocks) }
	return map[string]func(){
		"write":        func() { r.do(Write, block(), false) },
		"write-fua":    func() { r.do(Write, block(), true) },
		"write-flush":  func() { r.do(Write, block(), false); r.do(Flush, 0, false) },
		"discard":      func() { r.do(Discard, block(), false) },
		"write-idle":   func() { r.do(Write, block(), false); r.p.Idle() },
		"bypass":       func() { r.past(block()); r.do(Flush, 0, false) },
		"occupied":     func() { r.do(Write, 7, false); r.past(7) },
		"overwrite":    func() { r.do(Write, 7, false) },
		"read-ram":     func() { r.do(Read, 7, false) },
		"read-any":     func() { r.do(Read, block(), false) },
		"read-backing": func() { r.do(Read, rigBlocks-1, false) },
	}
}

// TestNoAllocations: no path from a request to its answer allocates.
func TestNoAllocations(t *testing.T) {
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 3 * rigBlocks { // the index has its size, all slices theirs
		r.do(Write, rnd.Uint64N(rigBlocks), false)
	}
	for name, f := range paths(r, rnd) {
		if n := testing.AllocsPerRun(2000, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if r.done != r.next {
		t.Errorf("%d of %d requests answered", r.done, r.next)
	}
}

func BenchmarkPath(b *testing.B) {
	for _, name := range []string{"write", "write-fua", "overwrite", "read-ram", "read-any"} {
		b.Run(name, func(b *testing.B) {
			r := newRig(b)
			rnd := rand.New(rand.NewPCG(1, 2))
			for range 2 * rigBlocks {
				r.do(Write, rnd.Uint64N(rigBlocks), false)
			}
			f := paths(r, rnd)[name]
			b.SetBytes(4096)
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
		})
	}
}
