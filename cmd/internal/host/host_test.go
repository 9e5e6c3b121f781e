package host

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

// disk is a file that stands for a disk.
func diskFile(t *testing.T, name string, size int64) *blockdev.Device {
	t.Helper()
	d, err := blockdev.Open(kit.Disk(t, name, size), blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func page(n int) []byte {
	raw := make([]byte, n+4096)
	skip := -int(uintptr(unsafe.Pointer(&raw[0]))) & 4095
	return raw[skip : skip+n]
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestThroughTheKernel writes through /dev/ublkbN while the log wraps, reads
// back, detaches, and compares the backing alone.
func TestThroughTheKernel(t *testing.T) {
	kit.Need(t, kit.Ublk)
	ctx := bounded(t)
	const size = 32 << 20
	backing := diskFile(t, "backing", size)
	check, err := os.Open(backing.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer check.Close()
	d, err := NewDevice(5, "vol", backing, DeviceOptions{Queues: 2, Depth: 64})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(ctx); err != nil {
		t.Fatal(err)
	}
	node, err := os.OpenFile(d.Node(), os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	shadow := make([]byte, size)
	rnd := rand.New(rand.NewPCG(1, 1))
	work := func(ops int) {
		for range ops {
			n := (1 + rnd.IntN(64)) * segment.SectorSize
			off := rnd.IntN((size-n)/segment.SectorSize) * segment.SectorSize
			b := page(n)
			switch rnd.IntN(8) {
			case 0:
				if err := node.Sync(); err != nil {
					t.Fatal(err)
				}
			case 1, 2:
				if _, err := node.ReadAt(b, int64(off)); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(b, shadow[off:off+n]) {
					t.Fatalf("read of %d bytes at %d is wrong", n, off)
				}
			default:
				for i := range b {
					b[i] = byte(rnd.Uint32())
				}
				if _, err := node.WriteAt(b, int64(off)); err != nil {
					t.Fatal(err)
				}
				copy(shadow[off:], b)
			}
		}
	}
	work(200) // passing through
	dev := diskFile(t, "cache", segment.LogOffset+8<<20)
	if _, err := logcache.Format(dev, logcache.FormatOptions{DeviceSize: dev.Size(), BlockSize: 512, SegmentSize: 256 << 10, Nonce: 7}); err != nil {
		t.Fatal(err)
	}
	c, _, err := ResumeCache(3, dev, CacheOptions{BufferBytes: 1 << 20, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Attach(ctx, c, segment.Binding{ID: 5, Sectors: size / 512, Name: "vol"}, AttachOptions{}); err != nil {
		t.Fatal(err)
	}
	work(4000) // about 60 MB through a log of 8
	t.Logf("%+v", c.Core().Status())
	t.Logf("%+v", c.Migration())
	if err := c.Free(ctx); !errors.Is(err, ErrHasDevices) {
		t.Errorf("free with a device attached: %v", err)
	}
	if err := d.Detach(ctx, nil); err != nil {
		t.Fatal(err)
	}
	work(200)
	if err := errors.Join(node.Sync(), node.Close()); err != nil {
		t.Fatal(err)
	}
	if err := c.Free(ctx); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, size)
	if _, err := check.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, shadow) {
		t.Error("the backing alone does not hold what was written")
	}
	if err := d.Stop(ctx, false); err != nil {
		t.Fatal(err)
	}
}
