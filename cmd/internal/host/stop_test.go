package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// TestP7StopWhileMigrating: a device is stopped while migration writes its
// data. The next disk that is opened gets the descriptor's number, and none of
// the data; that stays in the log.
func TestP7StopWhileMigrating(t *testing.T) {
	ctx := bounded(t)
	cacheDev := diskFile(t, "cache", segment.LogOffset+32<<20)
	_, err := logcache.Format(cacheDev, logcache.FormatOptions{DeviceSize: cacheDev.Size(), BlockSize: 512, SegmentSize: 1 << 20, Nonce: 7})
	must(t, err)
	c, _, err := ResumeCache(3, cacheDev, CacheOptions{BufferBytes: 4 << 20, Logf: t.Logf})
	must(t, err)
	backing := diskFile(t, "backing", 64<<20)
	d, err := NewDevice(5, "vol", backing, DeviceOptions{Queues: 1, Depth: 16})
	must(t, err)
	must(t, d.attach(ctx, c, segment.Binding{ID: 5, Sectors: backing.Size() / 512, Name: "vol"}, AttachOptions{}))
	data := fill(ctx, t, c, d, 200)
	c.Apply(pace.Settings{Knobs: pace.Knobs{Allow: true, Rate: 64 << 10}, Watermark: 1})
	until(t, func() bool { return c.Written(5) > 0 })

	fd := backing.FD()
	must(t, d.Stop(ctx, true))
	if d.Cache() != nil || c.worker.fds[5].Load() != -1 {
		t.Errorf("the cache's thread still has the descriptor %d", c.worker.fds[5].Load())
	}
	other := diskFile(t, "other", 64<<20)
	t.Logf("the backing had descriptor %d, the disk that is opened next has %d", fd, other.FD())
	c.Apply(pace.Settings{Knobs: pace.Knobs{Force: true}, Watermark: 1})
	until(t, func() bool { return c.Migration().Failed > 1 }) // this batch, and the next one
	if got := c.Migration().LastError; !strings.Contains(got, migrate.ErrNoBacking.Error()) {
		t.Errorf("migration: %q", got)
	}
	if id, err := c.core.LastMigrated(); id > 0 || err != nil || c.core.DirtyBlocks(5) != 200 {
		t.Errorf("migrated up to segment %d, %v; %d dirty blocks in the log", id, err, c.core.DirtyBlocks(5))
	}
	b, err := os.ReadFile(other.Path())
	must(t, err)
	if n := bytes.Count(b, data); n > 0 {
		t.Errorf("%d blocks of device 5 were written to another disk", n)
	}
	must(t, errors.Join(c.Free(ctx), other.Close()))
}

// fill logs so many blocks of 4 KiB of a device, all the same, and closes their
// segment.
func fill(ctx context.Context, t *testing.T, c *Cache, d *Device, n int) []byte {
	t.Helper()
	buf, err := mem.Alloc(4096)
	must(t, err)
	copy(buf, bytes.Repeat([]byte("data of device 5"), 256))
	reqs := make([]logcache.Request, n)
	c.core.Background().Do(func(p *logcache.Port) {
		for i := range reqs {
			reqs[i] = logcache.Request{Op: logcache.Write, LBA: uint64(i) * 64, Sectors: 8, Buf: buf, Volume: d.vol}
			p.Submit(&reqs[i])
		}
	})
	must(t, c.FlushCurrent(ctx))
	_, err = runOnThread(ctx, c, c.core.CloseCurrent)
	must(t, err)
	return buf
}

func until(t *testing.T, f func() bool) {
	t.Helper()
	for ctx := bounded(t); !f(); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatal("it does not happen")
		}
	}
}
