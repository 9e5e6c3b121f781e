package uring

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newRing(t testing.TB, c Config) *Ring {
	t.Helper()
	kit.Need(t, kit.Uring)
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func next(t testing.TB, r *Ring) CQE {
	t.Helper()
	if err := r.SubmitAndWait(1, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	cqe, ok := r.Peek()
	if !ok {
		t.Fatal("no completion within 5 s")
	}
	r.Seen()
	return cqe
}

func nop(t testing.TB, r *Ring, userData uint64) {
	t.Helper()
	sqe := r.GetSQE()
	if sqe == nil {
		t.Fatal("queue full")
	}
	sqe.PrepNop()
	sqe.SetUserData(userData)
}

func TestNopsOfEveryKindOfRing(t *testing.T) {
	for name, c := range map[string]Config{
		"narrow":     {Entries: 8},
		"wide":       {Entries: 8, Wide: true},
		"any thread": {Entries: 8, AnyThread: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRing(t, c)
			if got := r.SetupFlags()&abi.IORING_SETUP_SQE128 != 0; got != c.Wide {
				t.Errorf("128-byte entries: %v, want %v", got, c.Wide)
			}
			for round := uint64(0); round < 50; round++ {
				for i := range uint64(5) {
					nop(t, r, round*10+i)
				}
				if got := r.Pending(); got != 5 {
					t.Fatalf("pending: %d, want 5", got)
				}
				if err := r.SubmitAndWait(5, 0); err != nil {
					t.Fatal(err)
				}
				for i := range uint64(5) {
					if cqe := next(t, r); cqe.UserData != round*10+i || cqe.Res != 0 {
						t.Fatalf("completion %d of round %d: %+v", i, round, cqe)
					}
				}
				if r.Pending() != 0 || r.Ready() != 0 {
					t.Fatalf("left over: %d pending, %d ready", r.Pending(), r.Ready())
				}
			}
		})
	}
}

func TestFullQueue(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	for i := range uint64(4) {
		nop(t, r, i)
	}
	if r.GetSQE() != nil {
		t.Fatal("a fifth entry in a queue of four")
	}
	if err := r.Submit(); err != nil {
		t.Fatal(err)
	}
	if r.GetSQE() == nil {
		t.Fatal("no entry after Submit")
	}
}

// More completions than the ring has room for: the kernel keeps them aside, and
// none may be lost.
func TestCompletionOverflow(t *testing.T) {
	r := newRing(t, Config{Entries: 4, CQEntries: 4})
	const total = 4 * 16
	for i := range uint64(total) {
		if i%4 == 0 {
			if err := r.Submit(); err != nil {
				t.Fatal(err)
			}
		}
		nop(t, r, i)
	}
	seen := map[uint64]bool{}
	for range total {
		seen[next(t, r).UserData] = true
	}
	if len(seen) != total {
		t.Fatalf("%d completions, want %d", len(seen), total)
	}
}

func TestTimeout(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	ev, err := NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	ev.Arm(r.GetSQE()) // submits one and waits, which takes another path in the kernel than waiting alone
	for range 2 {
		start := time.Now()
		if err := r.SubmitAndWait(1, 30*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d < 30*time.Millisecond || d > 5*time.Second {
			t.Errorf("waited %v, want 30 ms", d)
		}
		if _, ok := r.Peek(); ok {
			t.Error("a completion out of nothing")
		}
	}
	ev.Signal()
	next(t, r)
	if err := ev.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTimeoutEntry(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	buf, err := mem.Alloc(1)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	ts := (*Timespec)(unsafe.Pointer(&buf[0]))
	*ts = TimespecOf(20 * time.Millisecond)
	start := time.Now()
	r.GetSQE().PrepTimeout(ts)
	if cqe := next(t, r); cqe.Res != -int32(unix.ETIME) || time.Since(start) < 20*time.Millisecond {
		t.Errorf("got %+v after %v", cqe, time.Since(start))
	}
}

func TestBadEntryDoesNotStopTheRest(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	nop(t, r, 1)
	sqe := r.GetSQE()
	sqe.PrepOperation(250, -1, 0, 0, 0)
	sqe.SetUserData(2)
	nop(t, r, 3)
	for _, want := range []CQE{{UserData: 1}, {UserData: 2, Res: -int32(unix.EINVAL)}, {UserData: 3}} {
		if got := next(t, r); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestEventFromAnotherThread(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	ev, err := NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(100) {
		sqe := r.GetSQE()
		ev.Arm(sqe)
		sqe.SetUserData(i)
		go ev.Signal()
		if cqe := next(t, r); cqe.Res != 8 || cqe.UserData != i {
			t.Fatalf("wake-up %d: %+v", i, cqe)
		}
	}
	if err := ev.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCancel(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	ev, err := NewEvent()
	if err != nil {
		t.Fatal(err)
	}
	sqe := r.GetSQE()
	ev.Arm(sqe)
	sqe.SetUserData(7)
	sqe = r.GetSQE()
	sqe.PrepCancel(7)
	sqe.SetUserData(8)
	got := map[uint64]int32{}
	for range 2 {
		cqe := next(t, r)
		got[cqe.UserData] = cqe.Res
	}
	if got[7] != -int32(unix.ECANCELED) || got[8] != 1 {
		t.Errorf("got %v, want 7 cancelled and 8 to count one", got)
	}
	if err := ev.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFileIO(t *testing.T) {
	for name, flag := range map[string]int{"buffered": 0, "direct": unix.O_DIRECT} {
		t.Run(name, func(t *testing.T) {
			path := kit.Disk(t, "f", 0)
			if flag != 0 {
				kit.Need(t, kit.Direct(filepath.Dir(path), 4096))
			}
			f, err := os.OpenFile(path, os.O_RDWR|flag, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			testFileIO(t, newRing(t, Config{Entries: 16}), int(f.Fd()))
		})
	}
}

func testFileIO(t *testing.T, r *Ring, fd int) {
	const n, blocks = 4096, 8
	buf, err := mem.Alloc(2 * blocks * n)
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Free(buf)
	out, in := buf[:blocks*n], buf[blocks*n:]
	for i := range out {
		out[i] = byte(i*7 + i/n)
	}
	check := func(want int32, entries int) {
		t.Helper()
		for range entries {
			if cqe := next(t, r); cqe.Res != want {
				t.Fatalf("got %+v, want result %d", cqe, want)
			}
		}
	}
	for i := range blocks {
		r.GetSQE().PrepWrite(fd, out[i*n:][:n], int64(i*n), unix.RWF_DSYNC)
	}
	check(n, blocks)
	r.GetSQE().PrepFsync(fd, true)
	r.GetSQE().PrepFsync(fd, false)
	check(0, 2)
	for i := range blocks {
		r.GetSQE().PrepRead(fd, in[i*n:][:n], int64(i*n))
	}
	check(n, blocks)
	if !bytes.Equal(in, out) {
		t.Error("read back other data than was written")
	}
	r.GetSQE().PrepFallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, n, n)
	if cqe := next(t, r); cqe.Res == -int32(unix.EOPNOTSUPP) {
		return
	}
	r.GetSQE().PrepRead(fd, in[:n], n)
	check(n, 1)
	if !bytes.Equal(in[:n], make([]byte, n)) {
		t.Error("punched hole is not zero")
	}
}

func TestCloseTwice(t *testing.T) {
	r := newRing(t, Config{Entries: 4})
	if err := errors.Join(r.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

func TestNoAllocations(t *testing.T) {
	r := newRing(t, Config{Entries: 32})
	if n := testing.AllocsPerRun(1000, func() { batch(r, 32) }); n != 0 {
		t.Errorf("%v allocations a batch, want none", n)
	}
	if n := testing.AllocsPerRun(10, func() { _ = r.SubmitAndWait(1, time.Microsecond) }); n != 0 {
		t.Errorf("%v allocations a timed-out wait, want none", n)
	}
}

func batch(r *Ring, n int) {
	for i := range n {
		sqe := r.GetSQE()
		sqe.PrepNop()
		sqe.SetUserData(uint64(i))
	}
	if err := r.SubmitAndWait(n, 0); err != nil {
		panic(err)
	}
	for range n {
		if _, ok := r.Peek(); !ok {
			panic("a completion is missing")
		}
		r.Seen()
	}
}

func BenchmarkNop(b *testing.B) {
	for _, n := range []int{1, 32} {
		b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) {
			r := newRing(b, Config{Entries: 32})
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i += n {
				batch(r, n)
			}
		})
	}
}
