package index

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// TestNoSpace: an index for which there is no address space is none, and one
// that grows beyond it panics, as a heap would, with what it has still in
// place.
func TestNoSpace(t *testing.T) {
	if x, err := New(1 << 44); x != nil || !errors.Is(err, unix.ENOMEM) {
		t.Errorf("for 2^44 blocks: %v", err)
	}
	x := newTest(t, 1, 1)
	x.Put(1, 7, 0xff, 56)
	func() {
		defer func() {
			if err, _ := recover().(error); !errors.Is(err, unix.ENOMEM) {
				t.Errorf("a shard of 2^45 slots: %v", err)
			}
		}()
		x.setLen(&x.shards[0], 1<<45)
	}()
	mustCheck(t, x)
	if !x.Find(1, 7, 0xff, 56) {
		t.Error("the entry is gone")
	}
}

// TestOnlyWhatWasReservedGoesBack: memory that the kernel does not take back is a
// mistake of ours, and is not passed over.
func TestOnlyWhatWasReservedGoesBack(t *testing.T) {
	x, err := newIndex(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	whole := x.arena
	own, err := reserve(2 * pageSlots)
	if err != nil {
		t.Fatal(err)
	}
	x.shards[0].tab = own[1:]
	func() {
		defer func() { mustRefuse(t, recover().(error)) }()
		x.relocate(&x.shards[0], len(own))
	}()
	grown := x.shards[0].tab
	x.shards[0].tab, x.arena = own[1:], nil
	mustRefuse(t, x.Close())
	mustRefuse(t, (&Index{arena: whole[1:]}).Close())
	for _, slots := range [][]slot{whole, own, grown} {
		if err := release(slots); err != nil {
			t.Error(err)
		}
	}
}

func mustRefuse(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, unix.EINVAL) {
		t.Errorf("a part of a reservation was given back: %v", err)
	}
}

// TestLessRoom: where address space is short, shards have less room to grow.
func TestLessRoom(t *testing.T) {
	const n = 1 << 24
	kit.LimitSpace(t, 1<<30, func() {
		x := newTest(t, n, shardGoal)
		if room := x.stride * len(x.shards); room >= n*roomFactor {
			t.Fatalf("room for %d entries", room)
		}
	})
}

// TestForEachStops when it is told to.
func TestForEachStops(t *testing.T) {
	x := newTest(t, 100, 10)
	for i := range 100 {
		x.Put(1, scatter(i), 0xff, int64(i)*8)
	}
	for _, most := range []int{1, 50, 100, 200} {
		n := 0
		x.ForEach(func(Entry) bool {
			n++
			return n < most
		})
		if n != min(most, 100) {
			t.Errorf("%d entries, want %d", n, min(most, 100))
		}
	}
}
