package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestP7OneRebindingAtATime: of an attach and a give-up of one device id, the
// second is refused as long as the first is under way, whichever that is: what is
// written behind an attach must never be forgotten.
func TestP7OneRebindingAtATime(t *testing.T) {
	for name, giveUpFirst := range map[string]bool{"give-up first": true, "attach first": false} {
		t.Run(name, func(t *testing.T) {
			disk := full(benchSectors, 1)
			r := newBench(t, disk)
			e, p := r.examine(disk), r.c.Background()
			first, second := errors.New("no answer"), errors.New("no answer")
			giveUp := func(err *error) { r.c.GiveUp(5, func(got error) { *err = got }) }
			attach := func(err *error) { r.c.Attach(r.v, r.b, e, func(got error) { *err = got }) }
			begin, disturb := attach, giveUp
			if giveUpFirst {
				begin, disturb = giveUp, attach
			}
			begin(&first)
			p.Poll()
			disturb(&second)
			p.Poll()
			if !errors.Is(second, ErrRebinding) {
				t.Fatalf("before the superblock is written: %v", second)
			}
			disturb(&second)
			r.carryOut(p)
			p.Poll() // the index is gone through behind the second
			if want := map[bool]error{true: ErrRebinding, false: ErrAttached}[giveUpFirst]; !errors.Is(second, want) || first != nil {
				t.Fatalf("when the superblock is written: the first %v, the second %v", first, second)
			}
			if !giveUpFirst {
				return
			}
			if n, w := r.c.DirtyBlocks(5), r.c.witnessOf(5); n != 0 || w != nil {
				t.Errorf("%d dirty blocks and the witness %v are left", n, w)
			}
			if err := r.attach(e); err != nil || r.witnessIsWrong(disk) {
				t.Errorf("attach behind it: %v, or the witness is not that of the disk", err)
			}
		})
	}
}

// giveUp asks for device dev to be given up, and returns where the answer goes.
func giveUp(r *bench, dev uint8) *error {
	err := errors.New("no answer")
	r.c.GiveUp(dev, func(got error) { err = got })
	r.c.Background().Poll()
	return &err
}

// TestP8NothingToGiveUp: of what the log is not bound to, and once it is
// broken, nothing is given up.
func TestP8NothingToGiveUp(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	if err := *giveUp(r, 9); !errors.Is(err, ErrNotBound) {
		t.Errorf("of device 9: %v", err)
	}
	r.c.lock()
	r.c.fail(r.c.background, errors.New("a bad flush"))
	r.c.mu.Unlock()
	if err := *giveUp(r, 5); !errors.Is(err, ErrBroken) {
		t.Errorf("of a broken log: %v", err)
	}
}

// TestP7GivenUpIfItIsDurable: while the superblock does not say that the data
// counts no more, the log has it.
func TestP7GivenUpIfItIsDurable(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	err, p, bad := giveUp(r, 5), r.c.Background(), errors.New("a bad sector")
	h := inline.Host{Fails: func(*block.Op) error { return bad }}
	h.Settle(p)
	if !errors.Is(*err, bad) || r.c.DirtyBlocks(5) == 0 || r.c.GivenUp() != (segment.GivenUp{}) {
		t.Errorf("%v, %d blocks are in the log", *err, r.c.DirtyBlocks(5))
	}
}

// TestP8GivingUpWaitsInDoubt: after a sleep the log may be another's, and so
// the binding.
func TestP8GivingUpWaitsInDoubt(t *testing.T) {
	for _, ours := range []bool{true, false} {
		r := newBench(t, full(benchSectors, 1))
		p := r.c.Background()
		r.c.Suspect()
		looks := inline.Take(p)
		err := giveUp(r, 5)
		if n := len(p.Ops()); n > 0 || len(looks) != 2 {
			t.Fatalf("%d operations besides %d looks", n, len(looks))
		}
		for _, op := range looks {
			if ours {
				copy(op.Buf, r.m[op.Offset:])
			}
			op.Sink.Done(op, nil)
		}
		r.host().Settle(p)
		if ours && (*err != nil || r.c.DirtyBlocks(5) != 0) {
			t.Errorf("%v, %d blocks are in the log", *err, r.c.DirtyBlocks(5))
		}
		if !ours && (!errors.Is(*err, ErrOtherLife) || r.c.DirtyBlocks(5) == 0) {
			t.Errorf("of another's log: %v", *err)
		}
	}
}

// TestP7GiveUpInDoubtIsAnswered also when the cache breaks before the superblock
// is read again.
func TestP7GiveUpInDoubtIsAnswered(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	p := r.c.Background()
	first := giveUp(r, 5)
	r.c.Suspect()
	second := giveUp(r, 5)
	for _, op := range inline.Take(p) {
		p.Done(op, errors.New("the device is gone"))
	}
	p.Poll()
	if !errors.Is(*first, ErrBroken) || !errors.Is(*second, ErrBroken) {
		t.Errorf("the one under way: %v; the one that waited: %v", *first, *second)
	}
}
