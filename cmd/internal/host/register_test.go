package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

const pinnedBuffers = 4 << 20 // bytes of RAM buffers of a cache

// wantPinned tells of how many rings the kernel must hold the RAM buffers of a
// cache; those of two caches count as two. It lets go when it can, so that this
// waits.
func wantPinned(t *testing.T, rings int) {
	t.Helper()
	kib := 0
	for range 2000 {
		status, err := os.ReadFile("/proc/self/status")
		must(t, err)
		_, rest, _ := strings.Cut(string(status), "VmPin:")
		_, err = fmt.Sscan(rest, &kib)
		must(t, err)
		if kib<<10 == rings*pinnedBuffers {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d KiB are pinned, want those of %d rings: %d", kib, rings, rings*pinnedBuffers>>10)
}

func pinnedCache(t *testing.T, id uint8) (dev *blockdev.Device) {
	t.Helper()
	dev = diskFile(t, "cache", segment.LogOffset+16<<20)
	_, err := logcache.Format(dev, logcache.FormatOptions{DeviceSize: dev.Size(), BlockSize: 512, SegmentSize: 256 << 10, Nonce: uint64(id)})
	must(t, err)
	return dev
}

func resumed(t *testing.T, id uint8, dev *blockdev.Device) *Cache {
	t.Helper()
	c, _, err := ResumeCache(id, dev, CacheOptions{BufferBytes: pinnedBuffers, Logf: t.Logf})
	must(t, err)
	return c
}

// TestARingFollowsTheCache without a device: a ring has one cache's buffers at a
// time, and one that is late keeps the memory of a freed cache, not its name.
func TestARingFollowsTheCache(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	kit.Need(t, kit.Uring)
	ring, err := uring.New(uring.Config{Entries: 8})
	must(t, err)
	wantPinned(t, 0)
	a, b := resumed(t, 1, pinnedCache(t, 1)), resumed(t, 2, pinnedCache(t, 2))
	wantPinned(t, 2) // by the caches' own threads
	has := func(c *Cache) bool {
		_, ok := ring.Registered(c.core.Memory().Bytes())
		return ok
	}
	p := registered{ring: ring}
	for i, step := range []struct {
		to    *Cache
		rings int
	}{{nil, 2}, {a, 3}, {a, 3}, {b, 3}, {nil, 2}, {a, 3}} {
		p.switchTo(step.to)
		wantPinned(t, step.rings)
		if has(a) != (step.to == a) || has(b) != (step.to == b) {
			t.Errorf("step %d: the ring has the buffers of a: %v, of b: %v", i, has(a), has(b))
		}
	}
	must(t, errors.Join(a.Free(bounded(t)), b.Free(bounded(t))))
	wantPinned(t, 1)
	p.switchTo(b) // which is gone
	wantPinned(t, 0)
	must(t, ring.Close())
}

// pinnedDevice is a device with what is known to be on it.
type pinnedDevice struct {
	*Device
	t       *testing.T
	ctx     context.Context
	node    *os.File
	content []byte
}

const pinnedSize = 8 << 20

func newPinnedDevice(t *testing.T, id uint8, backing *blockdev.Device, content []byte) *pinnedDevice {
	d, err := NewDevice(id, "vol", backing, DeviceOptions{Queues: 2, Depth: 16})
	must(t, err)
	return &pinnedDevice{Device: d, t: t, ctx: bounded(t), content: content}
}

func (d *pinnedDevice) attach(c *Cache) {
	d.t.Helper()
	must(d.t, d.Attach(d.ctx, c, segment.Binding{ID: d.ID(), Sectors: pinnedSize / 512, Name: "vol"}, AttachOptions{}))
	d.open()
}

func (d *pinnedDevice) open() {
	if d.node != nil {
		return
	}
	node, err := os.OpenFile(d.Node(), os.O_RDWR|unix.O_DIRECT, 0)
	must(d.t, err)
	d.node = node
}

// write fills the log with something new, and makes it durable.
func (d *pinnedDevice) write(seed uint64) {
	d.t.Helper()
	dice := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		b := page(4096 * (1 + dice.IntN(16)))
		for i := range b {
			b[i] = byte(dice.Uint32())
		}
		off := dice.IntN((pinnedSize-len(b))/4096) * 4096
		_, err := d.node.WriteAt(b, int64(off))
		must(d.t, err)
		copy(d.content[off:], b)
	}
	must(d.t, d.node.Sync())
}

func (d *pinnedDevice) check() {
	d.t.Helper()
	got := page(pinnedSize)
	_, err := d.node.ReadAt(got, 0)
	must(d.t, err)
	if !bytes.Equal(got, d.content) {
		d.t.Error("the device holds something else than what was written")
	}
}

func (d *pinnedDevice) stop() {
	d.t.Helper()
	must(d.t, errors.Join(d.node.Close(), d.Stop(d.ctx, false)))
}

// TestP1RecordsGoOutOfTheRightMemory: a device goes from one cache to another,
// whose buffers take the place of the first one's. What was logged is read back
// from the disks alone, and nothing stays pinned for a cache that is done with.
func TestP1RecordsGoOutOfTheRightMemory(t *testing.T) {
	kit.Need(t, kit.Ublk)
	const queues = 2
	wantPinned(t, 0)
	backing := diskFile(t, "backing", pinnedSize)
	path := backing.Path()
	d := newPinnedDevice(t, 5, backing, make([]byte, pinnedSize))
	first := resumed(t, 1, pinnedCache(t, 1))
	wantPinned(t, 1)
	d.attach(first) // and start
	wantPinned(t, 1+queues)
	d.write(1)

	// A detach that is interrupted, and a second device on the cache.
	other := newPinnedDevice(t, 6, diskFile(t, "other", pinnedSize), make([]byte, pinnedSize))
	must(t, other.Start(d.ctx))
	wantPinned(t, 1+queues)
	over, cancel := context.WithCancel(d.ctx)
	cancel()
	if err := d.Detach(over, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted detach: %v", err)
	}
	wantPinned(t, 1+queues)
	other.attach(first)
	wantPinned(t, 1+2*queues)
	other.write(2)
	must(t, other.Detach(d.ctx, nil))
	wantPinned(t, 1+queues)
	d.write(3)
	d.check()

	must(t, d.Detach(d.ctx, nil))
	wantPinned(t, 1)
	must(t, first.Free(d.ctx))
	wantPinned(t, 0)
	dev := pinnedCache(t, 2)
	log := dev.Path()
	second := resumed(t, 2, dev)
	d.attach(second)
	other.attach(second)
	wantPinned(t, 1+2*queues)
	other.write(4)
	must(t, other.Detach(d.ctx, nil))
	other.check()
	other.stop()
	wantPinned(t, 1+queues)
	d.write(5)
	d.stop() // with this in the log
	wantPinned(t, 1)
	must(t, second.Free(d.ctx))
	wantPinned(t, 0)

	dev, err := blockdev.Open(log, blockdev.OpenOptions{Exclusive: true})
	must(t, err)
	second = resumed(t, 2, dev)
	backing, err = blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	must(t, err)
	again := newPinnedDevice(t, 5, backing, d.content)
	must(t, again.Start(d.ctx)) // so that there are queues that an attachment can fail with
	if err := again.Attach(d.ctx, second, segment.Binding{ID: 5, Sectors: 8}, AttachOptions{}); !errors.Is(err, logcache.ErrMismatch) {
		t.Fatalf("an attachment with the wrong size: %v", err)
	}
	wantPinned(t, 1)
	again.attach(second)
	again.check()
	must(t, again.Detach(d.ctx, nil))
	wantPinned(t, 1)
	again.check()
	again.stop()
	must(t, second.Free(d.ctx))
	wantPinned(t, 0)
}
