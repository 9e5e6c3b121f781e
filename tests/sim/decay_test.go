package sim

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var decayFlag = flag.Int("sim.decay", 60, "number of seeds of the campaign with cache devices that decay")

// TestP6Decay runs workloads through several power cuts, and at each of them lets
// sectors of the log go bad, on the side, in many ways. Nothing that was dropped
// comes back, nothing durable is gone without a word, and damage is where it is
// said to be.
func TestP6Decay(t *testing.T) {
	const each = 40 // ways at each power cut
	k, stats, tried, salvaged := newKit(), NewStats(), 0, 0
	for seed := range uint64(*decayFlag) {
		o := RandomOptions(*seedFlag + seed)
		o.Faults, o.Generations, o.Points = false, max(3, o.Generations), 0
		dice := rand.New(rand.NewPCG(o.Seed, 30))
		v := guard(func() {
			w := newWorld(o, stats, k)
			w.makeRequests()
			w.start(true)
			for range o.Generations {
				w.generation()
				w.s.cut(dice, w.image)
				for range each {
					if w.sides.decay(w.image, dice, 1+dice.IntN(2), tried%8 == 0) {
						salvaged++
					}
					tried++
				}
				w.restart()
			}
			w.free()
		})
		if v != nil {
			t.Errorf("seed %d: %v\nrepeat it: go test ./tests/sim -run TestP6Decay -sim.decay=1 -sim.seed=%d\n%s", o.Seed, v, o.Seed, v.Stack)
			k.renewPort()
		}
	}
	t.Logf("%d seeds, %d ways to go bad, %d of them salvaged to the end", *decayFlag, tried, salvaged)
	if *decayFlag >= 60 && salvaged == 0 {
		t.Error("nothing was ever salvaged")
	}
}
