package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

const examined = 1 << 20 // bytes of a disk

// lives is a disk and a cache, in files, from one server to the next.
type lives struct {
	t         *testing.T
	disk, log string
	d         *Device
	c         *Cache
	port      *logcache.Port
	fromHost  uint64 // fingerprint
}

// newLives has a disk full of something behind a cache with dirty data of it.
func newLives(t *testing.T) *lives {
	l := &lives{t: t, disk: filepath.Join(t.TempDir(), "disk"), log: filepath.Join(t.TempDir(), "log"), fromHost: 7}
	must(t, os.WriteFile(l.disk, bytes.Repeat([]byte("what is on this disk"), examined/20+1)[:examined], 0o600))
	must(t, os.WriteFile(l.log, make([]byte, segment.LogOffset+4<<20), 0o600))
	dev := l.open(l.log)
	_, err := logcache.Format(dev, logcache.FormatOptions{DeviceSize: dev.Size(), BlockSize: 512, SegmentSize: 64 << 10, Nonce: 7})
	must(t, err)
	must(t, dev.Close())
	l.begin()
	must(t, l.attach(AttachOptions{}))
	l.write(0, 8, "new")
	l.end()
	return l
}

func (l *lives) open(path string) *blockdev.Device {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
	must(l.t, err)
	return dev
}

// begin brings a server up, with a device that is not attached.
func (l *lives) begin() {
	dev := l.open(l.log)
	c, _, err := ResumeCache(3, dev, CacheOptions{BufferBytes: 1 << 20, Logf: l.t.Logf})
	must(l.t, err)
	d, err := NewDevice(5, "vol", l.open(l.disk), DeviceOptions{})
	must(l.t, err)
	l.c, l.d, l.port = c, d, logcache.NewPort(func() {})
}

func (l *lives) attach(opt AttachOptions) error {
	b := segment.Binding{ID: 5, Sectors: l.d.Backing().Size() / segment.SectorSize, Fingerprint: l.fromHost, Name: "vol"}
	return l.d.attach(bounded(l.t), l.c, b, opt)
}

// write writes so many sectors through the cache.
func (l *lives) write(lba uint64, n int, what string) {
	r := &logcache.Request{Op: logcache.Write, FUA: true, LBA: lba, Sectors: uint32(n), Buf: page(n * 512), Volume: l.d.vol}
	copy(r.Buf, what)
	l.port.Submit(r)
	h := inline.Host{Disks: map[block.Dev]inline.Disk{block.Cache: l.c.dev}}
	for answered := false; !answered; answered = len(l.port.Answers()) > 0 {
		h.Run(l.port)
	}
}

// end takes the server down, with what is in the log.
func (l *lives) end() {
	if l.d.Cache() != nil {
		l.d.vol.Freeze()
		l.c.core.Release(l.d.vol)
		l.d.setCache(nil)
		l.c.dropMember(l.d)
	}
	must(l.t, l.c.Free(bounded(l.t)))
	must(l.t, l.d.Backing().Close())
}

// raw writes to the disk behind the cache's back.
func (l *lives) raw(off int64) {
	f, err := os.OpenFile(l.disk, os.O_RDWR, 0)
	must(l.t, err)
	_, err = f.WriteAt([]byte("mounted"), off)
	must(l.t, errors.Join(err, f.Close()))
}

// TestP8DiskIsExamined: a disk that the log has data of is attached if what is
// written on it is right, and not if it is wrong, whatever the host says of it.
func TestP8DiskIsExamined(t *testing.T) {
	for _, tc := range []struct {
		name     string
		change   func(l *lives)
		mismatch bool
		seen     bool // what is on the disk
	}{
		{name: "nothing", change: func(l *lives) {}},
		{name: "mounted meanwhile", change: func(l *lives) { l.raw(1024) }, mismatch: true, seen: true},
		{name: "its end changed", change: func(l *lives) { l.raw(examined - 512) }, mismatch: true, seen: true},
		{name: "another name in the host", change: func(l *lives) { l.fromHost = 8 }},
		{name: "no name in the host", change: func(l *lives) { l.fromHost = 0 }},
		{name: "mounted, without a name in the host", change: func(l *lives) { l.fromHost = 0; l.raw(1024) }, mismatch: true, seen: true},
		{name: "grown", change: func(l *lives) { must(l.t, os.Truncate(l.disk, 2*examined)) }},
		{name: "grown, and its old end changed", change: func(l *lives) { must(l.t, os.Truncate(l.disk, 2*examined)); l.raw(examined - 512) }, mismatch: true, seen: true},
		{name: "shrunk", change: func(l *lives) { must(l.t, os.Truncate(l.disk, examined/2)) }, mismatch: true},
		{name: "another disk", change: func(l *lives) {
			must(l.t, os.WriteFile(l.disk, bytes.Repeat([]byte("another disk, as large"), examined/22+1)[:examined], 0o600))
		}, mismatch: true, seen: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLives(t)
			tc.change(l)
			l.begin()
			defer l.end()
			err := l.attach(AttachOptions{})
			var changed *ChangedError
			if errors.Is(err, logcache.ErrMismatch) != tc.mismatch || errors.As(err, &changed) != tc.seen || err != nil && !tc.mismatch {
				t.Fatalf("attach: %v", err)
			}
			if tc.seen {
				if err := l.attach(AttachOptions{AcceptChanged: true}); err != nil {
					t.Fatalf("attach, whatever it holds: %v", err)
				}
			}
		})
	}
}

// TestP8AcceptedDiskIsTheNewOne: what was accepted once is what the disk must be
// like from then on.
func TestP8AcceptedDiskIsTheNewOne(t *testing.T) {
	l := newLives(t)
	l.raw(1024)
	l.begin()
	must(t, l.attach(AttachOptions{AcceptChanged: true}))
	l.end()
	l.begin()
	must(t, l.attach(AttachOptions{}))
	l.end()
	l.raw(2048)
	l.begin()
	if err := l.attach(AttachOptions{}); !errors.Is(err, logcache.ErrMismatch) {
		t.Errorf("attach: %v", err)
	}
	l.end()
}
