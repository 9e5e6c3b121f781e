package blockdev

import (
	"bytes"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// told is a [block.Sink] for one operation.
type told struct {
	done bool
	err  error
}

func (s *told) Done(_ *block.Op, err error) { s.done, s.err = true, err }

// rig is an executor for one device, on a ring of the test's thread.
type rig struct {
	*Executor
	t     *testing.T
	entry *uring.SQE // the last one prepared
	code  uint8      // what do sent last
	sent  int        // entries prepared
}

func newRig(t *testing.T, d *Device) *rig {
	t.Helper()
	runtime.LockOSThread()
	kit.Need(t, kit.Uring)
	ring, err := uring.New(uring.Config{Entries: 8})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t}
	r.Executor = NewExecutor(ring, func() *uring.SQE {
		r.entry = ring.GetSQE()
		r.sent++
		return r.entry
	}, func(block.Dev) int { return d.FD() })
	return r
}

func (r *rig) close() {
	_ = r.ring.Close()
	runtime.UnlockOSThread()
}

// do carries an operation out.
func (r *rig) do(op *block.Op) error {
	r.t.Helper()
	s := &told{}
	op.Dev, op.Sink = 1, s
	r.Start(op)
	r.code = r.entry.Opcode()
	r.await(s)
	return s.err
}

// await takes completions until an operation is done.
func (r *rig) await(s *told) {
	r.t.Helper()
	for !s.done {
		if err := r.ring.SubmitAndWait(1, time.Second); err != nil {
			r.t.Fatal(err)
		}
		for cqe, ok := r.ring.Peek(); ok; cqe, ok = r.ring.Peek() {
			r.ring.Seen()
			r.Completed(cqe.UserData, cqe.Res)
		}
	}
}

// A Wait ends when its time has passed, and not before, for each one that is under
// way.
func TestWait(t *testing.T) {
	r := newRig(t, nil)
	defer r.close()
	long, short := &told{}, &told{}
	begun := time.Now()
	r.Start(&block.Op{Kind: block.Wait, For: 40 * time.Millisecond, Sink: long})
	r.Start(&block.Op{Kind: block.Wait, For: 10 * time.Millisecond, Sink: short})
	r.await(short)
	if took := time.Since(begun); took < 10*time.Millisecond || long.done || short.err != nil {
		t.Errorf("10 ms take %v (%v), and 40 are over: %v", took, short.err, long.done)
	}
	r.await(long)
	if took := time.Since(begun); took < 40*time.Millisecond || long.err != nil || r.InFlight() > 0 {
		t.Errorf("40 ms take %v (%v)", took, long.err)
	}
}

// TestWritesOutOfRegisteredMemory: the operation decides, by where its buffer
// lies, and writes the same either way.
func TestWritesOutOfRegisteredMemory(t *testing.T) {
	const size = 1 << 20
	d := open(t, kit.Disk(t, "disk", size), OpenOptions{Exclusive: true})
	r := newRig(t, d)
	defer r.close()
	ring := r.ring
	do := func(op *block.Op) uint8 {
		if err := r.do(op); err != nil {
			t.Fatal(err)
		}
		return r.code
	}
	m, err := mem.NewRegion(size)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Free()
	back, err := mem.Alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(back)
	for i, step := range []struct {
		change func() error
		want   uint8
	}{
		{func() error { return nil }, abi.IORING_OP_WRITE},
		{func() error { return ring.Register(m) }, abi.IORING_OP_WRITE_FIXED},
		{func() error { return ring.Unregister(m) }, abi.IORING_OP_WRITE},
	} {
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		for at := range m.Bytes() {
			m.Bytes()[at] = byte(at>>12 + i)
		}
		for _, fua := range []bool{false, true} {
			if got := do(&block.Op{Kind: block.Write, Buf: m.Bytes()[4096:], Offset: 4096, FUA: fua}); got != step.want {
				t.Errorf("step %d: operation %d, want %d", i, got, step.want)
			}
		}
		if got := do(&block.Op{Kind: block.Write, Buf: back[:4096]}); got != abi.IORING_OP_WRITE {
			t.Errorf("step %d: operation %d out of other memory", i, got)
		}
		do(&block.Op{Kind: block.Read, Buf: back[4096:], Offset: 4096})
		if !bytes.Equal(back[4096:], m.Bytes()[4096:]) {
			t.Errorf("step %d: the device holds other data than was written", i)
		}
		clear(back)
	}
	op := &block.Op{Kind: block.Write, Buf: m.Bytes()[:4096], Dev: 1, Sink: &told{}}
	if err := ring.Register(m); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		r.Start(op)
		_ = ring.SubmitAndWait(1, 0)
		cqe, _ := ring.Peek()
		ring.Seen()
		r.Completed(cqe.UserData, cqe.Res)
	}); n != 0 {
		t.Errorf("%v allocations a fixed write, want none", n)
	}
}

// TestReadsOfBackings: reads that are under way on backings are counted, also
// those that fail, and no other operation is.
func TestReadsOfBackings(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{Exclusive: true})
	r := newRig(t, d)
	defer r.close()
	var reads atomic.Int32
	r.CountReads(&reads)
	page, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(page)
	for _, c := range []struct {
		op   block.Op
		want int32
	}{
		{block.Op{Kind: block.Read, Dev: 1, Buf: page}, 1},
		{block.Op{Kind: block.Write, Dev: 1, Buf: page}, 0},
		{block.Op{Kind: block.Read, Dev: 1, Buf: page, Offset: 1 << 40}, 1}, // which fails
		{block.Op{Kind: block.Flush, Dev: 1}, 0},
		{block.Op{Kind: block.Read, Dev: block.Cache, Buf: page, Disk: d}, 0},
	} {
		c.op.Sink = &told{}
		r.Start(&c.op)
		if got := reads.Load(); got != c.want {
			t.Errorf("%v of device %d: %d under way, want %d", c.op.Kind, c.op.Dev, got, c.want)
		}
		r.await(c.op.Sink.(*told))
		if got := reads.Load(); got != 0 {
			t.Errorf("%v of device %d: %d under way when it is done", c.op.Kind, c.op.Dev, got)
		}
	}
}

// TestExecutorTells how many operations are under way, and what the kernel said
// of each.
func TestExecutorTells(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{ReadOnly: true})
	r := newRig(t, d)
	defer r.close()
	page, err := mem.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(page)
	sinks := make([]told, 3)
	for i, kind := range []block.Kind{block.Read, block.Write, block.Flush} {
		if n := r.InFlight(); n != i {
			t.Errorf("%d are under way, of %d", n, i)
		}
		r.Start(&block.Op{Kind: kind, Dev: 1, Buf: page, Sink: &sinks[i]})
	}
	for i, want := range []error{nil, unix.EBADF, nil} { // it is not open for writing
		if r.await(&sinks[i]); !errors.Is(sinks[i].err, want) {
			t.Errorf("operation %d: %v, want %v", i, sinks[i].err, want)
		}
	}
	if n := r.InFlight(); n != 0 {
		t.Errorf("%d are under way at the end", n)
	}
}
