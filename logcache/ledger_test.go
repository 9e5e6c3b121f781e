package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// pick is the one of some operations that is of a kind.
func pick(t *testing.T, ops []*block.Op, kind block.Kind) *block.Op {
	t.Helper()
	var found *block.Op
	for _, op := range ops {
		if op.Kind == kind {
			if found != nil {
				t.Fatalf("two operations are a %v", kind)
			}
			found = op
		}
	}
	if found == nil {
		t.Fatalf("none of %d operations is a %v", len(ops), kind)
	}
	return found
}

// TestP5BatchBesideAFailedFlush: a flush of the backing that somebody else
// wanted, and that failed while a batch was written, may have cost what the
// batch wrote. So the batch's own flush, though it succeeds, is worth nothing;
// in whichever order they end.
func TestP5BatchBesideAFailedFlush(t *testing.T) {
	bad := errors.New("a bad flush")
	for name, c := range map[string]struct {
		other error
		first bool // the other one ends first
		want  error
	}{
		"it failed before":     {bad, true, errOtherFlush},
		"it fails after":       {bad, false, errOtherFlush},
		"it succeeded before":  {nil, true, nil},
		"it succeeds after it": {nil, false, nil},
	} {
		r := attachedBench(t)
		r.v.SetBypass(Bypass{Cutoff: 1})
		p, b := NewPort(func() {}), r.c.Background()
		p.Submit(&Request{Op: Write, LBA: 320, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v})
		succeed(p.Ops(), block.Write)
		p.Submit(&Request{Op: Flush, Volume: r.v})
		other := pick(t, inline.Take(p), block.Flush)
		r.c.Sorting()
		r.c.FlushBegins(5)
		end := func() { other.Sink.Done(other, c.other) }
		if c.first {
			end()
		}
		told, got := 0, errors.New("no answer")
		r.c.FlushEnded(5, nil, func(err error) { told, got = told+1, err })
		b.Poll()
		if !c.first {
			if told > 0 {
				t.Errorf("%s: told before that is known", name)
			}
			end()
			b.Poll()
		}
		if told != 1 || !errors.Is(got, c.want) {
			t.Errorf("%s: told %d times, %v", name, told, got)
		}
	}
}

// TestP8SuperblockBesideAFailedFlush: a write with FUA that fails may be a
// flush that fails, and have cost the copy of the superblock that was written
// before it. That is written again; unless the machine has slept since, and it
// may not be ours any more.
func TestP8SuperblockBesideAFailedFlush(t *testing.T) {
	for name, slept := range map[string]bool{"awake": false, "slept": true} {
		r := attachedBench(t)
		p, b := NewPort(func() {}), r.c.Background()
		p.Submit(&Request{Op: Write, FUA: true, LBA: 3, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
		record := pick(t, inline.Take(p), block.Write)
		told, got := 0, error(nil)
		r.c.CommitSuper(func(err error) { told, got = told+1, err })
		b.Poll()
		written := pick(t, inline.Take(b), block.Write)
		at, image := written.Offset, string(written.Buf)
		written.Sink.Done(written, nil)
		flush := pick(t, inline.Take(b), block.Flush)
		flush.Sink.Done(flush, nil) // which is not known to be worth anything yet
		if n := len(b.Ops()); n > 0 || told > 0 {
			t.Fatalf("%s: %d operations, told %d times", name, n, told)
		}
		if slept {
			r.c.Suspect()
			b.Ops()
		}
		record.Sink.Done(record, errors.New("reset"))
		b.Poll()
		ops := inline.Take(b)
		if slept {
			if len(ops) > 0 || told != 1 || !errors.Is(got, ErrBroken) {
				t.Errorf("slept: %d operations, told %d times, %v", len(ops), told, got)
			}
			continue
		}
		if again := pick(t, ops, block.Write); again.Offset != at || string(again.Buf) != image {
			t.Errorf("awake: %d bytes at %d are written again, not the %d at %d", len(again.Buf), again.Offset, len(image), at)
		}
	}
}
