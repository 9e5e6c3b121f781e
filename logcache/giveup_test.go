package logcache

import (
	"errors"
	"testing"
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
