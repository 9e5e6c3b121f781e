package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// The index panics at a block that it cannot address, and every device with it:
// such a backing is refused.
func TestP9BackingTooLarge(t *testing.T) {
	r := newRig(t)
	for sectors, want := range map[uint64]error{MaxSectors: nil, MaxSectors + 1: ErrTooLarge} {
		if err := r.c.judge(nil, &segment.Binding{ID: 9, Sectors: sectors}, nil); !errors.Is(err, want) {
			t.Errorf("%d sectors: %v, want %v", sectors, err, want)
		}
	}
	if MaxSectors*segment.SectorSize != 8<<50 {
		t.Errorf("at most %d sectors", uint64(MaxSectors))
	}
}

// TestP8AttachedOnce: neither a volume nor a device id is attached twice.
func TestP8AttachedOnce(t *testing.T) {
	r := attachedBench(t)
	if err := r.attach(nil); !errors.Is(err, ErrAttached) {
		t.Errorf("the volume again: %v", err)
	}
	first := r.v
	r.volume(benchSectors)
	if err := r.attach(nil); !errors.Is(err, ErrAttached) {
		t.Errorf("another volume under the same id: %v", err)
	}
	if r.v.Cache() != nil || first.Cache() != r.c {
		t.Error("what was refused has changed who is attached")
	}
}

// TestStampIsDurable: the stamp names a superblock only when the device has it.
func TestStampIsDurable(t *testing.T) {
	r := attachedBench(t)
	epoch, before := r.c.Stamp()
	told := false
	r.c.CommitSuper(func(error) { told = true })
	p := r.c.Background()
	p.Poll()
	if _, now := r.c.Stamp(); now != before {
		t.Errorf("generation %d before it is written, not %d", now, before)
	}
	r.carryOut(p)
	s, err := ReadSuper(r.m)
	if err != nil || !told {
		t.Fatalf("told %v, %v", told, err)
	}
	if e, now := r.c.Stamp(); e != epoch || e != s.Epoch || now != s.Generation {
		t.Errorf("generation %d of epoch %d, the device has %d of %d", now, e, s.Generation, s.Epoch)
	}
}

// TestBlockSectorsOfTheAttached: migration cuts no block of a device, and of
// one that is not there it knows of none.
func TestBlockSectorsOfTheAttached(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	if n := r.c.BlockSectors(5); n != 1 {
		t.Errorf("%d sectors, of no device", n)
	}
	r.v = NewVolume(5, "v", benchSectors, 4096)
	r.v.Freeze()
	if err := r.attach(r.examine(full(benchSectors, 1))); err != nil {
		t.Fatal(err)
	}
	if n := r.c.BlockSectors(5); n != 8 {
		t.Errorf("%d sectors", n)
	}
}
