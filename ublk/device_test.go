package ublk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk"
	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"golang.org/x/sys/unix"
)

func TestFeaturesOfThisKernel(t *testing.T) {
	f := needUblk(t)
	t.Logf("%#x: %v", uint64(f), f)
	if !f.Has(uapi.UBLK_F_CMD_IOCTL_ENCODE) {
		t.Error("a kernel that takes our commands does not say so")
	}
}

func TestWithoutUblkTheErrorSaysSo(t *testing.T) {
	if kit.Has(kit.Ublk) {
		t.Skip("there is ublk here")
	}
	_, err := ublk.New(testContext(t), diskConfig(), newDisk(t))
	if !errors.Is(err, ublk.ErrNoModule) || !strings.Contains(err.Error(), "modprobe ublk_drv") {
		t.Errorf("got %v", err)
	}
}

func TestLifeOfADevice(t *testing.T) {
	d := newDisk(t)
	dev := start(t, diskConfig(), d)
	path := dev.BlockPath()
	infos, err := ublk.List(testContext(t))
	if err != nil || len(infos) != 1 || infos[0].ID != dev.ID() || infos[0].State != ublk.Live ||
		infos[0].PID != os.Getpid() || infos[0].SizeBytes != diskSize {
		t.Errorf("list: %+v, %v", infos, err)
	}
	if err := ublk.Delete(testContext(t), dev.ID()); !errors.Is(err, ublk.ErrBusy) {
		t.Errorf("delete of a live device: %v", err)
	}
	c := diskConfig()
	c.ID = dev.ID()
	if _, err := ublk.New(testContext(t), c, d); !errors.Is(err, ublk.ErrExists) {
		t.Errorf("a second device with the same id: %v", err)
	}
	if err := dev.Start(testContext(t)); err == nil {
		t.Error("started twice")
	}
	if err := dev.Stop(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", path, err)
	}
	if d.closed != dev.Config().Queues {
		t.Errorf("%d handlers closed", d.closed)
	}
	if _, err := ublk.Stat(testContext(t), dev.ID()); !errors.Is(err, ublk.ErrNoDevice) {
		t.Errorf("stat of a stopped device: %v", err)
	}
}

func TestLimitsReachTheKernel(t *testing.T) {
	c := diskConfig()
	c.LogicalBlock, c.PhysicalBlock, c.IOMin, c.IOOpt = 4096, 4096, 8192, 1<<16
	c.MaxIOBytes, c.ReadOnly, c.Rotational = 256<<10, true, true
	dev := start(t, c, newDisk(t))
	for file, want := range map[string]string{
		"queue/logical_block_size": "4096", "queue/physical_block_size": "4096", "queue/minimum_io_size": "8192",
		"queue/optimal_io_size": "65536", "queue/max_hw_sectors_kb": "256", "queue/rotational": "1", "ro": "1",
		"queue/fua": "1", "queue/write_cache": "write back", "size": fmt.Sprint(diskSize / 512), "queue/io_timeout": "3000",
		"queue/discard_max_hw_bytes": fmt.Sprint(diskSize), "queue/write_zeroes_max_bytes": fmt.Sprint(diskSize),
	} {
		got, err := os.ReadFile(fmt.Sprintf("/sys/block/ublkb%d/%s", dev.ID(), file))
		if err != nil || strings.TrimSpace(string(got)) != want {
			t.Errorf("%s: %q, %v, want %s", file, got, err, want)
		}
	}
}

// Each CPU writes its own half through its own queue, at the same time. A queue
// that looked at another's descriptors would serve other sectors, or the wrong
// direction.
func TestTwoQueuesKeepTheirRequestsApart(t *testing.T) {
	for name, userCopy := range map[string]bool{"buffers": false, "user copy": true} {
		t.Run(name, func(t *testing.T) { testTwoQueues(t, userCopy) })
	}
}

func testTwoQueues(t *testing.T, userCopy bool) {
	kit.Need(t, kit.CPUs(2))
	d, c := newDisk(t), diskConfig()
	c.UserCopy = userCopy
	dev := start(t, c, d)
	f := open(t, dev, unix.O_DIRECT)
	var wg sync.WaitGroup
	for cpu := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			onCPU(t, cpu)
			writeAndVerify(t, f, int64(cpu)*diskSize/2, diskSize/2, byte(1+cpu))
		}()
	}
	wg.Wait()
	for cpu := range 2 {
		if d.perQueue[cpu].Load() < 16 {
			t.Errorf("queue %d served %d requests", cpu, d.perQueue[cpu].Load())
		}
		for at := cpu * diskSize / 2; at < (cpu+1)*diskSize/2; at += ublk.SectorSize {
			if d.data[at] != byte('A'+1+cpu) {
				t.Fatalf("the sector at %d, written by CPU %d, begins with %q", at, cpu, d.data[at])
			}
		}
	}
}

// writeAndVerify fills a region with blocks that carry a mark and their own
// address, in several sizes, and reads back.
func writeAndVerify(t testing.TB, f *os.File, from, size int64, mark byte) {
	const block = 64 << 10
	buf := pages(t, block)
	fill := func(at int64) {
		for i := 0; i < block; i += 512 {
			copy(buf[i:], fmt.Sprintf("%c at %-20d", 'A'+mark, at+int64(i)))
		}
	}
	for at := from; at < from+size; at += block {
		fill(at)
		step := int64(512) << ((at / block) % 8)
		for o := int64(0); o < block; o += step {
			if _, err := f.WriteAt(buf[o:o+step], at+o); err != nil {
				t.Error(err)
				return
			}
		}
	}
	got := pages(t, block)
	for at := from; at < from+size; at += block {
		fill(at)
		if _, err := f.ReadAt(got, at); err != nil || !bytes.Equal(got, buf) {
			t.Errorf("at %d: %v, or other data than was written", at, err)
			return
		}
	}
}

func TestFlushAndFUA(t *testing.T) {
	d := newDisk(t)
	f := open(t, start(t, diskConfig(), d), unix.O_DIRECT)
	buf := pages(t, 4096)
	if _, err := f.WriteAt(buf, 0); err != nil {
		t.Fatal(err)
	}
	if d.flushes.Load() != 0 || d.fua.Load() != 0 {
		t.Errorf("a plain write: %d flushes, %d FUA", d.flushes.Load(), d.fua.Load())
	}
	if err := f.Sync(); err != nil || d.flushes.Load() != 1 {
		t.Errorf("fsync: %v, %d flushes", err, d.flushes.Load())
	}
	if _, err := unix.Pwritev2(int(f.Fd()), [][]byte{buf}, 4096, unix.RWF_DSYNC); err != nil || d.fua.Load() != 1 {
		t.Errorf("O_DSYNC write: %v, %d FUA", err, d.fua.Load())
	}
}

func TestDiscardAndZeroes(t *testing.T) {
	d := newDisk(t)
	f := open(t, start(t, diskConfig(), d), unix.O_DIRECT)
	buf := pages(t, 8192)
	copy(buf, bytes.Repeat([]byte{7}, len(buf)))
	if _, err := f.WriteAt(buf, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_ZERO_RANGE, 0, 4096); err != nil || d.zeroes.Load() == 0 {
		t.Errorf("zero range: %v, %d requests", err, d.zeroes.Load())
	}
	span := [2]uint64{4096, 4096}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.BLKDISCARD, uintptr(unsafe.Pointer(&span))); errno != 0 ||
		d.discards.Load() == 0 {
		t.Errorf("discard: %v, %d requests", errno, d.discards.Load())
	}
	if _, err := f.ReadAt(buf, 0); err != nil || !bytes.Equal(buf, make([]byte, len(buf))) {
		t.Errorf("after both: %v, first byte %d", err, buf[0])
	}
}

func TestErrorsReachTheClient(t *testing.T) {
	d := newDisk(t)
	f := open(t, start(t, diskConfig(), d), unix.O_DIRECT)
	d.badSector.Store(100)
	buf := pages(t, 4096)
	if _, err := f.ReadAt(buf, 96*512); !errors.Is(err, unix.EIO) {
		t.Errorf("read of a bad sector: %v", err)
	}
	if _, err := f.WriteAt(buf, 96*512); !errors.Is(err, unix.EIO) {
		t.Errorf("write of a bad sector: %v", err)
	}
	if _, err := f.ReadAt(buf, 104*512); err != nil {
		t.Errorf("the device is down after an error: %v", err)
	}
}

func TestChurnLeaksNothing(t *testing.T) {
	needUblk(t)
	const rounds = 20
	var before int
	for i := range rounds {
		dev := start(t, diskConfig(), newDisk(t))
		f := open(t, dev, unix.O_DIRECT)
		writeAndVerify(t, f, 0, 128<<10, byte(i))
		f.Close()
		stop(t, dev)
		if i == 0 {
			before = openFDs(t)
		}
	}
	// A ring's descriptor is given back at once; the runtime's own may come
	// late, hence a little room.
	if after := openFDs(t); after > before+2 {
		t.Errorf("%d descriptors after one round, %d after %d", before, after, rounds)
	}
}

func TestABusyDeviceIsNotStopped(t *testing.T) {
	dev := start(t, diskConfig(), newDisk(t))
	f := open(t, dev, unix.O_EXCL)
	if err := dev.Stop(testContext(t)); !errors.Is(err, ublk.ErrBusy) || !strings.Contains(err.Error(), dev.BlockPath()) {
		t.Fatalf("got %v, want a refusal that names the device", err)
	}
	if _, err := f.ReadAt(make([]byte, 4096), 0); err != nil {
		t.Errorf("a refused stop did harm: %v", err)
	}
	f.Close()
	if err := dev.Stop(testContext(t)); err != nil {
		t.Error(err)
	}
}

func TestStopUnderIO(t *testing.T) {
	dev := start(t, diskConfig(), newDisk(t))
	var wg sync.WaitGroup
	for i := range 8 {
		f, buf := open(t, dev, unix.O_DIRECT), pages(t, 4096)
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer f.Close() // the id is free only when the last client has let go
			for n := int64(0); ; n++ {
				at := (n*8 + int64(i)) * 4096 % diskSize
				if _, err := f.WriteAt(buf, at); err != nil {
					return
				}
			}
		}()
	}
	time.Sleep(200 * time.Millisecond)
	stop(t, dev)
	wg.Wait()
}

type failingHandler struct{ *disk }

func (h failingHandler) NewQueue(q *ublk.Queue) (ublk.QueueHandler, error) {
	if q.ID() == 1 {
		return nil, errors.New("no memory for this queue")
	}
	return h.disk.NewQueue(q)
}

func TestAHandlerThatCannotBeMade(t *testing.T) {
	needUblk(t)
	d := newDisk(t)
	dev, err := ublk.New(testContext(t), diskConfig(), failingHandler{d})
	if err != nil {
		t.Fatal(err)
	}
	if err := dev.Start(testContext(t)); err == nil || !strings.Contains(err.Error(), "queue 1: no memory for this queue") {
		t.Errorf("got %v", err)
	}
	if d.closed != 1 {
		t.Errorf("the other queue's handler was closed %d times", d.closed)
	}
	stop(t, dev)
}
