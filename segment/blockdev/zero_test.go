package blockdev

import (
	"bytes"
	"testing"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// run does one operation on a ring of its own.
func run(t *testing.T, d *Device, op block.Op) error {
	t.Helper()
	r := newRig(t, d)
	defer r.close()
	return r.do(&op)
}

// TestZeroes: both kinds leave zeroes in their range and nothing else changed.
func TestZeroes(t *testing.T) {
	const size = 4 << 20
	d := open(t, kit.Disk(t, "disk", size), OpenOptions{Exclusive: true})
	buf, err := mem.Alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	for _, kind := range []block.Kind{block.Discard, block.Zero} {
		for i := range buf {
			buf[i] = 1
		}
		if _, err := d.WriteAt(buf, 0); err != nil {
			t.Fatal(err)
		}
		const from, length = 1 << 20, 5 << 19
		if err := run(t, d, block.Op{Kind: kind, Offset: from, Length: length}); err != nil {
			t.Fatalf("%v: %v", kind, err)
		}
		want := bytes.Repeat([]byte{1}, size)
		clear(want[from : from+length])
		if _, err := d.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, want) {
			t.Errorf("%v: wrong content, or %v", kind, err)
		}
	}
}

// TestZeroesTheLongWay: a device that knows neither way is written to, piece by
// piece.
func TestZeroesTheLongWay(t *testing.T) {
	s := slot{op: &block.Op{Kind: block.Discard, Length: 5 << 19}}
	refused := -int32(unix.EOPNOTSUPP)
	for _, want := range []way{zeroOut, writeOut} {
		if !s.zeroOn(refused) || s.tried != want {
			t.Fatalf("after a refusal %d is tried, want %d", s.tried, want)
		}
	}
	for i, want := range []int{1 << 20, 1 << 20, 1 << 19} {
		b := s.zeroes()
		if len(b) != want || s.zeroError() == nil {
			t.Fatalf("write %d has %d bytes, want %d; error %v", i, len(b), want, s.zeroError())
		}
		if more := s.zeroOn(int32(len(b))); more != (i < 2) {
			t.Fatalf("more after write %d: %v", i, more)
		}
	}
	if err := s.zeroError(); err != nil {
		t.Error(err)
	}
	s = slot{op: &block.Op{Kind: block.Zero, Length: 4096}, tried: zeroOut}
	if s.zeroOn(-int32(unix.EIO)) {
		t.Error("an I/O error leads to another try")
	}
}

// TestZeroesWhereNothingHelps: a file in memory knows holes and no zeroes, and
// /dev/null neither. The operation asks, and then writes.
func TestZeroesWhereNothingHelps(t *testing.T) {
	memory, err := unix.MemfdCreate("disk", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(memory)
	const size = 3 << 20
	want := bytes.Repeat([]byte{1}, size)
	if _, err := unix.Pwrite(memory, want, 0); err != nil {
		t.Fatal(err)
	}
	op := block.Op{Kind: block.Zero, Offset: 512, Length: 5 << 19}
	if err := run(t, &Device{fd: memory}, op); err != nil {
		t.Fatal(err)
	}
	clear(want[op.Offset : op.Offset+op.Length])
	got := make([]byte, size)
	if _, err := unix.Pread(memory, got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("wrong content, or %v", err)
	}
	null, err := unix.Open("/dev/null", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(null)
	r := newRig(t, &Device{fd: null})
	defer r.close()
	discard := block.Op{Kind: block.Discard, Length: 5 << 19}
	if err := r.do(&discard); err != nil || r.sent != 2+3 || r.entry.Opcode() != abi.IORING_OP_WRITE {
		t.Errorf("a device that knows nothing: %v; %d entries, the last of kind %d; want 2 refused and 3 writes", err, r.sent, r.entry.Opcode())
	}
}
