package ublk

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"golang.org/x/sys/unix"
)

// loopQueue is a queue without a device. Its commands go to /dev/null, which
// completes every command at once: each commit brings the next request, and
// descs, which no kernel writes, say what it is.
func loopQueue(t testing.TB, depth int, h QueueHandler) *Queue {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	d := newDevice(0, nil)
	d.cfg = Config{Depth: depth, Queues: 1, MaxIOBytes: 8192}
	d.charFD = fd
	q, err := newQueue(d, 0)
	if err != nil {
		t.Fatal(err)
	}
	q.handler, q.descs = h, make([]uapi.UblksrvIODesc, depth)
	kit.Need(t, kit.Uring)
	if err := errors.Join(q.makeRing(), q.makeRequests()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.tearDown(); err != nil {
			t.Error(err)
		}
	})
	return q
}

// fetchAll is the head of serve, which does not return.
func fetchAll(q *Queue) {
	q.arm()
	q.live = len(q.reqs)
	for i := range q.reqs {
		q.command(uapi.UBLK_U_IO_FETCH_REQ, &q.reqs[i], 0)
	}
}

// counter answers everything at once.
type counter struct {
	q                       *Queue
	requests, woken, closed int
	quiesced                bool
	last                    Request
	completed               map[uint64]int32
	onHandle                func(reqs []*Request)
}

func (c *counter) Handle(reqs []*Request) {
	c.requests += len(reqs)
	c.last = *reqs[len(reqs)-1]
	if c.onHandle != nil {
		c.onHandle(reqs)
		return
	}
	for _, r := range reqs {
		c.q.Complete(r, r.Len())
	}
}

func (c *counter) Completed(userData uint64, res int32) { c.completed[userData] = res }
func (c *counter) Woken()                               { c.woken++ }
func (c *counter) Quiesce()                             { c.quiesced = true }
func (c *counter) Close()                               { c.closed++ }

func newCounter(t testing.TB, depth int) (*counter, *Queue) {
	c := &counter{completed: map[uint64]int32{}}
	c.q = loopQueue(t, depth, c)
	return c, c.q
}

func mustTurn(t testing.TB, q *Queue) {
	t.Helper()
	if err := q.iterate(); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsAreDecoded(t *testing.T) {
	for name, c := range map[string]struct {
		desc uapi.UblksrvIODesc
		want Request
		buf  int
	}{
		"read":  {uapi.UblksrvIODesc{OpFlags: 0, NrSectors: 8, StartSector: 1 << 40}, Request{Op: Read, Sector: 1 << 40, Sectors: 8}, 4096},
		"fua":   {uapi.UblksrvIODesc{OpFlags: 1 | 1<<13, NrSectors: 16}, Request{Op: Write, FUA: true, Sectors: 16}, 8192},
		"flush": {uapi.UblksrvIODesc{OpFlags: 2, StartSector: 1<<64 - 1}, Request{Op: Flush}, 0},
		"discard": {uapi.UblksrvIODesc{OpFlags: 3, NrSectors: 1 << 21, StartSector: 7},
			Request{Op: Discard, Sector: 7, Sectors: 1 << 21}, 0},
		"zeroes": {uapi.UblksrvIODesc{OpFlags: 5 | 1<<15, NrSectors: 1}, Request{Op: WriteZeroes, NoUnmap: true, Sectors: 1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			h, q := newCounter(t, 1)
			q.descs[0] = c.desc
			fetchAll(q)
			mustTurn(t, q)
			got := h.last
			if len(got.Buf) != c.buf || got.Len() != int32(c.buf) {
				t.Errorf("buffer of %d bytes, want %d", len(got.Buf), c.buf)
			}
			got.Buf, got.pages, got.owner = nil, nil, 0
			if got.Op != c.want.Op || got.FUA != c.want.FUA || got.NoUnmap != c.want.NoUnmap ||
				got.Sector != c.want.Sector || got.Sectors != c.want.Sectors {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestUnknownOperationIsRefused(t *testing.T) {
	h, q := newCounter(t, 1)
	q.descs[0].OpFlags = uint32(uapi.UBLK_IO_OP_ZONE_APPEND)
	fetchAll(q)
	mustTurn(t, q)
	if h.requests != 0 || q.reqs[0].owner != ownedByKernel {
		t.Errorf("the handler saw %d requests; the tag's owner is %d", h.requests, q.reqs[0].owner)
	}
}

func TestCompleteTwicePanics(t *testing.T) {
	h, q := newCounter(t, 1)
	h.onHandle = func(reqs []*Request) {
		q.Complete(reqs[0], 0)
		defer func() {
			if recover() == nil {
				t.Error("a second Complete went through")
			}
		}()
		q.Complete(reqs[0], 0)
	}
	fetchAll(q)
	mustTurn(t, q)
}

func TestWakeIsCoalesced(t *testing.T) {
	h, q := newCounter(t, 1)
	q.arm()
	for range 3 {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 100 {
				q.Wake()
			}
		}()
		<-done
		mustTurn(t, q)
	}
	if h.woken != 3 {
		t.Errorf("woken %d times, want 3", h.woken)
	}
}

// A device that refuses commands ends every tag, and the handler is quiesced and
// closed once what it has in flight is done.
func TestRefusedCommandsEndTheQueue(t *testing.T) {
	h, q := newCounter(t, 4)
	file, err := unix.Open(kit.Disk(t, "file", 0), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(file)
	q.charFD = file // a file takes no commands
	sqe := q.SQE()
	sqe.PrepNop()
	sqe.SetUserData(42)
	if err := q.serve(true); !errors.Is(err, unix.EOPNOTSUPP) {
		t.Errorf("got %v, want EOPNOTSUPP", err)
	}
	if res, ok := h.completed[42]; !ok || res != 0 {
		t.Errorf("the handler's own entry: %v", h.completed)
	}
	if !h.quiesced || h.closed != 1 || q.inFlight != 0 || q.armed {
		t.Errorf("quiesced %v, closed %d times, %d in flight, armed %v", h.quiesced, h.closed, q.inFlight, q.armed)
	}
}

// More entries than the ring has: SQE makes room, and none is lost.
func TestSQENeverRunsOut(t *testing.T) {
	h, q := newCounter(t, 1)
	const n = 1000
	for i := range uint64(n) {
		sqe := q.SQE()
		sqe.PrepNop()
		sqe.SetUserData(i)
	}
	for q.inFlight > 0 {
		mustTurn(t, q)
	}
	if len(h.completed) != n {
		t.Errorf("%d completions, want %d", len(h.completed), n)
	}
}

func TestWakeAfterTheEnd(t *testing.T) {
	h, q := newCounter(t, 1)
	if err := errors.Join(q.serve(false), q.tearDown()); err != nil {
		t.Fatal(err)
	}
	q.Wake()
	if h.closed != 1 {
		t.Errorf("closed %d times", h.closed)
	}
	time.Sleep(time.Millisecond)
}

func TestTheLoopDoesNotAllocate(t *testing.T) {
	h, q := newCounter(t, 64)
	fillDescs(q)
	fetchAll(q)
	mustTurn(t, q)
	h.requests = 0
	const runs = 200
	n := testing.AllocsPerRun(runs, func() {
		q.Wake()
		if err := q.iterate(); err != nil {
			panic(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations an iteration, want none", n)
	}
	if h.requests < runs*64 {
		t.Errorf("only %d requests in %d iterations of 64", h.requests, runs)
	}
}

func fillDescs(q *Queue) {
	for i := range q.descs {
		q.descs[i] = uapi.UblksrvIODesc{OpFlags: uint32(i % 4), NrSectors: 8, StartSector: uint64(i) * 8}
	}
}

// BenchmarkTurn is what a request costs here, without the kernel's part.
func BenchmarkTurn(b *testing.B) {
	for name, depth := range map[string]int{"depth=1": 1, "depth=32": 32, "depth=128": 128} {
		b.Run(name, func(b *testing.B) {
			h, q := newCounter(b, depth)
			fillDescs(q)
			fetchAll(q)
			b.ReportAllocs()
			b.ResetTimer()
			for h.requests < b.N {
				mustTurn(b, q)
			}
		})
	}
}
