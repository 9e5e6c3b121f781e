package ublk_test

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Getenv(serverEnv) != "" {
		recoverableServer()
		return
	}
	goleak.VerifyTestMain(m)
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// needUblk skips where the kernel has no ublk, or this process may not use it.
func needUblk(t testing.TB) ublk.Features {
	t.Helper()
	kit.Need(t, kit.Uring, kit.Ublk)
	f, err := ublk.ProbeFeatures(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const diskSize = 16 << 20

// disk is a RAM device that counts what it is asked.
type disk struct {
	data []byte

	perQueue  [8]atomic.Int64
	flushes   atomic.Int64
	fua       atomic.Int64
	discards  atomic.Int64
	zeroes    atomic.Int64
	badSector atomic.Int64 // requests that touch it fail with EIO; -1 for none

	mu     sync.Mutex
	closed int
}

func newDisk(t testing.TB) *disk {
	d := &disk{data: make([]byte, diskSize)}
	d.badSector.Store(-1)
	return d
}

func (d *disk) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) { return &diskQueue{d, q}, nil }

type diskQueue struct {
	*disk
	q *ublk.Queue
}

func (d *diskQueue) Handle(reqs []*ublk.Request) {
	d.perQueue[d.q.ID()].Add(int64(len(reqs)))
	for _, r := range reqs {
		d.q.Complete(r, d.answer(r))
	}
}

func (d *diskQueue) answer(r *ublk.Request) int32 {
	if bad := d.badSector.Load(); bad >= int64(r.Sector) && bad < int64(r.Sector)+int64(r.Sectors) {
		return -int32(unix.EIO)
	}
	at := d.data[r.Sector*ublk.SectorSize:][:uint64(r.Sectors)*ublk.SectorSize]
	switch r.Op {
	case ublk.Read:
		if r.Buf == nil {
			return d.moved(r, d.q.Fill(r, at, 0))
		}
		copy(r.Buf, at)
	case ublk.Write:
		if r.Buf == nil {
			return d.moved(r, d.q.Fetch(r, at, 0))
		}
		copy(at, r.Buf)
		if r.FUA {
			d.fua.Add(1)
		}
	case ublk.Flush:
		d.flushes.Add(1)
	case ublk.Discard:
		d.discards.Add(1)
		clear(at)
	case ublk.WriteZeroes:
		d.zeroes.Add(1)
		clear(at)
	}
	return r.Len()
}

// moved answers a request of a device with user copy.
func (d *diskQueue) moved(r *ublk.Request, err error) int32 {
	if err != nil {
		return -int32(unix.EIO)
	}
	return r.Len()
}

func (d *diskQueue) Completed(uint64, int32) {}
func (d *diskQueue) Woken()                  {}
func (d *diskQueue) Quiesce()                {}

func (d *diskQueue) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed++
}

func diskConfig() ublk.Config {
	return ublk.Config{ID: -1, Queues: 2, Depth: 32, SizeBytes: diskSize, VolatileCache: true, FUA: true,
		DiscardMaxBytes: diskSize, WriteZeroesMaxBytes: diskSize}
}

// start brings a device up, and takes it down at the end of the test if the
// test has not.
func start(t testing.TB, c ublk.Config, h ublk.Handler) *ublk.Device {
	t.Helper()
	needUblk(t)
	dev, err := ublk.New(testContext(t), c, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, dev) })
	if err := dev.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return dev
}

func stop(t testing.TB, dev *ublk.Device) {
	t.Helper()
	if err := dev.ForceStop(testContext(t)); err != nil {
		t.Error(err)
	}
	select {
	case <-dev.Done():
	default:
		t.Error("stopped, but not done")
	}
	if err := dev.Err(); err != nil {
		t.Error(err)
	}
}

func open(t testing.TB, dev *ublk.Device, flags int) *os.File {
	t.Helper()
	f, err := os.OpenFile(dev.BlockPath(), os.O_RDWR|flags, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func pages(t testing.TB, n int) []byte {
	t.Helper()
	b, err := mem.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mem.Free(b) })
	return b[:n]
}

// onCPU keeps the goroutine's thread on one CPU, and so its I/O on one queue.
func onCPU(t testing.TB, cpu int) {
	runtime.LockOSThread() // never unlocked: the thread with its affinity ends with the goroutine
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		t.Error(err)
	}
}

func openFDs(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
