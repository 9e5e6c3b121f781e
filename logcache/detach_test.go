package logcache

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestP7DetachLeavesNothingBehind: a volume leaves the log neither while that
// has data of it, nor while what went past it may be lost.
func TestP7DetachLeavesNothingBehind(t *testing.T) {
	r := attachedBench(t)
	bad := errors.New("a bad flush")
	detach := func(flush error) (err error) {
		err = errors.New("no answer")
		h := r.host()
		h.Fails = func(op *block.Op) error {
			if op.Dev == 5 && op.Kind == block.Flush {
				return flush
			}
			return nil
		}
		r.v.Freeze()
		defer r.v.Unfreeze()
		r.c.Detach(r.v, func(got error) { err = got })
		h.Settle(r.c.Background())
		return err
	}
	if err := detach(nil); !errors.Is(err, ErrDirty) || r.v.Cache() != r.c {
		t.Errorf("with data in the log: %v", err)
	}
	giveUp := r.c.dirty[5]
	r.c.dirty[5] = 0 // as if it was migrated
	r.v.SetBypass(Bypass{Cutoff: 1})
	p := NewPort(func() {})
	past := &Request{Op: Write, LBA: 320, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v}
	p.Submit(past)
	new(inline.Host).Run(p)
	if err := detach(bad); !past.Bypassed() || !errors.Is(err, bad) || r.v.Cache() != r.c {
		t.Errorf("with a backing flush that fails: %v", err)
	}
	p.Submit(&Request{Op: Write, LBA: 320, Sectors: 8, Buf: make([]byte, 4096), Volume: r.v})
	new(inline.Host).Run(p)
	if err := detach(nil); err != nil || r.v.Cache() != nil {
		t.Errorf("with all of it durable: %v", err)
	}
	r.c.dirty[5] = giveUp
}
