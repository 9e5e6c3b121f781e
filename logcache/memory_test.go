package logcache

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// TestP9NoMemoryNoCache: a log that is too large for the machine is not
// resumed, says why, and what was taken for it is given back, wherever the
// memory came to an end: at the index, at what loads it, or at the RAM buffers,
// which take 5 GiB, 0.6 and 8.
func TestP9NoMemoryNoCache(t *testing.T) {
	dev := &nullDevice{}
	if _, err := Format(dev, FormatOptions{DeviceSize: 1 << 40, BlockSize: 512, SegmentSize: 64 << 20, Nonce: 1}); err != nil {
		t.Fatal(err)
	}
	before := kit.SpaceTaken(t)
	for _, more := range []uint64{1 << 30, 5300 << 20, 7000 << 20} {
		kit.LimitSpace(t, more, func() {
			c, _, err := Resume(dev, Config{Wake: func() {}, Loaders: 256, BufferBytes: 8 << 30})
			if c != nil || !errors.Is(err, unix.ENOMEM) {
				t.Errorf("with %d MiB: %v", more>>20, err)
			}
		})
		if now := kit.SpaceTaken(t); now > before+1<<30 {
			t.Fatalf("%d MiB of address space are taken, and %d before", now>>20, before>>20)
		}
	}
}

// TestP9NoPages: where there is not even memory for a superblock nothing is read or
// written, and it is said why.
func TestP9NoPages(t *testing.T) {
	r := writable(t, 1<<20)
	s, err := ReadSuper(r.m)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(r.m)
	for name, f := range map[string]func() error{
		"format": func() error {
			_, err := Format(r.m, FormatOptions{DeviceSize: uint64(len(r.m)), BlockSize: 512, SegmentSize: 8 << 10, Nonce: 4})
			return err
		},
		"read":  func() error { _, err := ReadSuper(r.m); return err },
		"write": func() error { return writeSuperSync(r.m, s) },
		"cut off": func() error { // for which the epoch has to do
			cutOff(r.m, s, &segment.Recovery{Remnant: true, Segments: []segment.Span{{ID: 1}}})
			return unix.ENOMEM
		},
	} {
		kit.LimitSpace(t, 0, func() { err = f() })
		if !errors.Is(err, unix.ENOMEM) || !bytes.Equal(r.m, before) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestP9NoPagesForMore: a cache that runs takes no more writes then.
func TestP9NoPagesForMore(t *testing.T) {
	r, err := writable(t, 1<<20), error(nil)
	r.c.super.buf = nil // as before the first one was written
	kit.LimitSpace(t, 0, func() {
		r.c.CommitSuper(func(got error) { err = got })
		r.c.background.Poll()
	})
	if !errors.Is(err, ErrBroken) || !errors.Is(err, unix.ENOMEM) {
		t.Errorf("it goes on: %v", err)
	}
	r = writable(t, 1<<20)
	kit.LimitSpace(t, 0, r.c.Suspect)
	if got := r.c.Status().Broken; !strings.Contains(got, "allocate") {
		t.Errorf("the cache goes on after a sleep: %q", got)
	}
}

// TestIndexLeftOutOfTheLock: in a process that locks its memory, an index that
// may be swapped out is not locked, and no less than the index.
func TestIndexLeftOutOfTheLock(t *testing.T) {
	kit.Need(t, kit.Locking)
	dev := &nullDevice{}
	if _, err := Format(dev, FormatOptions{DeviceSize: 1 << 30, BlockSize: 512, Nonce: 1}); err != nil {
		t.Fatal(err)
	}
	locks := func(swappable bool) uint64 {
		before := lockedBytes(t)
		c, _, err := Resume(dev, Config{Wake: func() {}, Swappable: swappable})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Free()
		return lockedBytes(t) - before
	}
	if err := unix.Mlockall(unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		t.Fatal(err)
	}
	defer unix.Munlockall()
	all, rest := locks(false), locks(true)
	if index := all - rest; index < 1<<18*16 || rest < DefaultBufferBytes {
		t.Errorf("%d bytes are locked with the index, %d without", all, rest)
	}
}

func lockedBytes(t *testing.T) (bytes uint64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, "VmLck: %d kB", &bytes); n == 1 {
			return bytes << 10
		}
	}
	t.Fatal("no VmLck")
	return 0
}

// TestRecordsLieInMemory that a thread may have registered with its ring.
func TestRecordsLieInMemory(t *testing.T) {
	r := newRig(t)
	q := &r.reqs[0]
	q.Op, q.FUA = Write, true
	r.p.Submit(q)
	ops, mem := r.p.Ops(), r.c.Memory().Bytes()
	if len(ops) != 1 {
		t.Fatalf("%d operations", len(ops))
	}
	from, at := uintptr(unsafe.Pointer(&mem[0])), uintptr(unsafe.Pointer(&ops[0].Buf[0]))
	if at < from || at+uintptr(len(ops[0].Buf)) > from+uintptr(len(mem)) {
		t.Errorf("a record at %#x, and memory of %d bytes at %#x", at, len(mem), from)
	}
}
