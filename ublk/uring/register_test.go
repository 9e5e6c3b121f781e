package uring

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const regionSize = 4 << 20

func newRegion(t *testing.T, fill byte) *mem.Region {
	t.Helper()
	m, err := mem.NewRegion(regionSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Free(); err != nil {
			t.Error(err)
		}
	})
	for i := range m.Bytes() {
		m.Bytes()[i] = fill
	}
	return m
}

// wantGone checks that nobody holds a region.
func wantGone(t *testing.T, m *mem.Region) {
	t.Helper()
	if m.Hold() {
		t.Error("the region is held, want it unmapped")
	}
}

// wantOwned checks that its owner alone holds a region, and frees it.
func wantOwned(t *testing.T, m *mem.Region) {
	t.Helper()
	if !m.Hold() {
		t.Fatal("the region is gone, and its owner has not freed it")
	}
	if err := errors.Join(m.Drop(), m.Free()); err != nil {
		t.Error(err)
	}
	wantGone(t, m)
}

func register(t *testing.T, r *Ring, m *mem.Region) {
	t.Helper()
	if err := r.Register(m); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Registered(m.Bytes()); !ok {
		t.Fatal("the region is not registered")
	}
}

// pinnedBytes is what the kernel has pinned for rings of this process.
func pinnedBytes(t *testing.T) (kib int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmPin:")
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// wantPinned waits a little: the kernel lets go of pages when the last write
// out of them has ended.
func wantPinned(t *testing.T, want int) {
	t.Helper()
	for range 1000 {
		if pinnedBytes(t) == want {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d bytes are pinned, want %d", pinnedBytes(t), want)
}

// write does what an owner of a ring does: a fixed write where it can, and a
// plain one elsewhere.
func write(t *testing.T, r *Ring, fd int, buf []byte, off int64) (fixed bool) {
	t.Helper()
	sqe := r.GetSQE()
	at, fixed := r.Registered(buf)
	if fixed {
		sqe.PrepWriteFixed(fd, buf, off, unix.RWF_DSYNC, at)
	} else {
		sqe.PrepWrite(fd, buf, off, unix.RWF_DSYNC)
	}
	if cqe := next(t, r); int(cqe.Res) != len(buf) {
		t.Fatalf("write of %d bytes, fixed %v: %+v", len(buf), fixed, cqe)
	}
	return fixed
}

func TestFixedWrites(t *testing.T) {
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
			r := newRing(t, Config{Entries: 8})
			register(t, r, newRegion(t, 1)) // the index matters
			m := newRegion(t, 0)
			register(t, r, m)
			dice := rand.New(rand.NewPCG(1, 2))
			b := m.Bytes()
			for i := range b {
				b[i] = byte(dice.Uint32())
			}
			for at := 0; at < len(b); {
				n := min(len(b)-at, 4096*(1+dice.IntN(300)))
				if !write(t, r, int(f.Fd()), b[at:at+n], int64(at)) {
					t.Error("a plain write out of a registered region")
				}
				at += n
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("read back other data than was written, or %v", err)
			}
		})
	}
}

// TestRegionOutlivesItsOwner: a ring that still has a region registered when
// its owner is done with it must not take the next memory for it, and write the
// old pages.
func TestRegionOutlivesItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := newRing(t, Config{Entries: 8})
	old := newRegion(t, 1)
	register(t, r, old)
	if err := errors.Join(old.Free(), old.Free()); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		write(t, r, int(f.Fd()), newRegion(t, 2).Bytes(), 0)
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{2}, regionSize)) {
			t.Fatalf("what was written is not what lies in memory, or %v", err)
		}
	}
	if err := r.Unregister(old); err != nil {
		t.Fatal(err)
	}
	wantGone(t, old)
	if err := r.Register(old); err != nil {
		t.Errorf("register after the end: %v", err)
	}
	if _, ok := r.Registered(old.Bytes()); ok {
		t.Error("a region that is gone is registered")
	}
	wantGone(t, old)
}

func TestUnregister(t *testing.T) {
	wantPinned(t, 0) // those of earlier rings are gone
	r := newRing(t, Config{Entries: 8})
	var all []*mem.Region
	for range maxRegions {
		all = append(all, newRegion(t, 0))
		register(t, r, all[len(all)-1])
	}
	if err := r.Register(all[0]); err != nil {
		t.Errorf("register again: %v", err)
	}
	wantPinned(t, maxRegions*regionSize)
	tooMany, more := newRegion(t, 0), newRegion(t, 0)
	if err := r.Register(tooMany); !errors.Is(err, ErrRegions) {
		t.Errorf("register of one too many: %v", err)
	}
	wantOwned(t, tooMany)
	if err := errors.Join(r.Unregister(all[1]), r.Unregister(all[1]), r.Unregister(more)); err != nil {
		t.Error(err)
	}
	if _, ok := r.Registered(all[1].Bytes()); ok {
		t.Error("still registered")
	}
	wantPinned(t, (maxRegions-1)*regionSize)
	register(t, r, more)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, m := range append(all, more) {
		wantOwned(t, m)
	}
	wantPinned(t, 0)
}

func TestRegisteredIsWithinOneRegion(t *testing.T) {
	r := newRing(t, Config{Entries: 8})
	if _, ok := r.Registered(nil); ok {
		t.Error("nothing is registered in a new ring")
	}
	m := newRegion(t, 0)
	register(t, r, m)
	before := unsafe.Add(unsafe.Pointer(&m.Bytes()[0]), -regionSize) // of which only the address is looked at
	for _, c := range []struct {
		from, to int
		want     bool
	}{
		{regionSize, 2 * regionSize, true},
		{regionSize, regionSize + 1, true},
		{2*regionSize - 1, 2 * regionSize, true},
		{regionSize - 1, regionSize + 1, false},
		{2*regionSize - 1, 2*regionSize + 1, false},
		{0, 3 * regionSize, false},
		{2 * regionSize, 2*regionSize + 1, false},
		{0, 1, false},
	} {
		if _, ok := r.Registered(unsafe.Slice((*byte)(unsafe.Add(before, c.from)), c.to-c.from)); ok != c.want {
			t.Errorf("%d … %d: %v, want %v", c.from, c.to, ok, c.want)
		}
	}
}

// TestRefusedRegistration: without the right to pin memory, writes are plain ones.
func TestRefusedRegistration(t *testing.T) {
	runtime.LockOSThread() // never unlocked: the thread ends with the test, and what it lacks with it
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		t.Fatal(err)
	}
	caps[0].Effective &^= 1 << unix.CAP_IPC_LOCK
	var limit unix.Rlimit
	if err := errors.Join(unix.Capset(&head, &caps[0]), unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: regionSize / 2, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	r, m := newRing(t, Config{Entries: 8}), newRegion(t, 0)
	if err := r.Register(m); !errors.Is(err, unix.ENOMEM) {
		t.Errorf("register beyond the limit of locked memory: %v", err)
	}
	if _, ok := r.Registered(m.Bytes()); ok {
		t.Error("it is registered")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if write(t, r, int(f.Fd()), m.Bytes(), 0) {
		t.Error("a fixed write out of memory that is not registered")
	}
	wantOwned(t, m)
}
