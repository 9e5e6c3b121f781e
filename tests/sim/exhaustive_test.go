package sim

import (
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

var lengthFlag = flag.Int("sim.k", 2, "longest workload of the exhaustive search")

// TestExhaustive runs every workload of up to -sim.k verbs, in three orders of
// completion, and cuts the power at every moment of it in every way, or in
// every way that tells much.
func TestExhaustive(t *testing.T) {
	total := NewStats()
	var mu sync.Mutex // guards total
	begun := time.Now()
	t.Run("workloads", func(t *testing.T) {
		for _, blockSize := range []uint32{512, 4096} {
			for o := range order(orders) {
				t.Run(fmt.Sprintf("%d-%v", blockSize, o), func(t *testing.T) {
					t.Parallel()
					x := &search{t: t, o: o, options: scriptOptions(blockSize), stats: NewStats(), e: newExplorer(), k: newKit()}
					begun := time.Now()
					for n := 1; n <= *lengthFlag; n++ {
						x.extend(nil, n, true)
					}
					took := time.Since(begun)
					mu.Lock()
					total.Add(x.stats)
					mu.Unlock()
					t.Logf("%v; every subset at %d crash points, a choice at %d; %s", x.stats, x.e.Full, x.e.Other, x.stats.pace(took))
				})
			}
		}
	})
	t.Logf("in all: %v; %s; %d distinct with what ran before", total, total.pace(time.Since(begun)), count(total))
}

type search struct {
	t       *testing.T
	o       order
	options Options
	stats   *Stats
	e       *explorer
	k       *kit
}

// extend tries all workloads that begin with script and have n verbs more.
func (x *search) extend(script []verb, n int, attached bool) {
	if n == 0 {
		x.try(script)
		return
	}
	for _, v := range verbs {
		if v.when(attached) {
			x.extend(append(script[:len(script):len(script)], v), n-1, v.after(attached))
		}
	}
}

func (x *search) try(script []verb) {
	var w *world
	v := guard(func() {
		w = newWorld(x.options, x.stats, x.k)
		w.early = func() bool { return false }
		w.makeRequests()
		w.start(true)
		x.e.begin(w)
		w.play(script, x.o, x.e.point)
		w.free()
	})
	x.stats.Runs++
	if v == nil {
		return
	}
	x.k.renewPort()
	names := []string{}
	for _, v := range script {
		names = append(names, v.name)
	}
	x.t.Errorf("%s: %v\n%s", strings.Join(names, ","), v, v.Stack)
}
