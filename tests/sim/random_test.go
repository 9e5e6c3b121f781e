package sim

import (
	"encoding/json"
	"flag"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

var (
	seedFlag    = flag.Uint64("sim.seed", 1, "first seed of the random campaign")
	seedsFlag   = flag.Int("sim.seeds", 300, "number of seeds of the random campaign")
	optionsFlag = flag.String("sim.options", "", "options of the run as JSON, instead of those the seed chooses")
	traceFlag   = flag.Bool("sim.trace", false, "print every event (use with one seed)")
)

// TestRandom runs workloads that a seed chooses, through power cuts, kills,
// faults and clean stops.
func TestRandom(t *testing.T) {
	stats := NewStats()
	begun := time.Now()
	workers := uint64(runtime.GOMAXPROCS(0))
	if *traceFlag {
		workers = 1
	}
	var all sync.WaitGroup
	var mu sync.Mutex // guards stats
	for w := range workers {
		all.Go(func() {
			own := runSeeds(t, *seedFlag+w, *seedFlag+uint64(*seedsFlag), workers)
			mu.Lock()
			defer mu.Unlock()
			stats.Add(own)
		})
	}
	all.Wait()
	took := time.Since(begun)
	t.Logf("%v; %s; %d distinct with what ran before", stats, stats.pace(took), count(stats))
}

// runSeeds runs every step-th seed. Each run is a function of its seed alone.
func runSeeds(t *testing.T, from, to, step uint64) *Stats {
	stats := NewStats()
	k := newKit()
	for seed := from; seed < to; seed += step {
		o := RandomOptions(seed)
		if *optionsFlag != "" {
			if err := json.Unmarshal([]byte(*optionsFlag), &o); err != nil {
				t.Fatalf("-sim.options: %v", err)
			}
		}
		err := random(o, stats, k, func(w *world) {
			if *traceFlag {
				w.trace = os.Stdout
			}
		})
		if err != nil {
			explain(t, o, err, k)
		}
	}
	return stats
}

// explain reports a failure with the commands that repeat it, as it was and as
// small as it gets.
func explain(t *testing.T, o Options, err error, k *kit) {
	const again = "go test ./tests/sim -run '^TestRandom$' -sim.seeds=1 -sim.trace"
	t.Errorf("seed %d: %v\nrepeat it: %s -sim.seed=%d", o.Seed, err, again, o.Seed)
	if v := err.(*Violation); v.Stack != "" {
		t.Log(v.Stack)
	}
	if *traceFlag {
		return
	}
	var last error
	small := Shrink(o, func(c Options) bool {
		e := random(c, NewStats(), k, nil)
		if e != nil {
			last = e
		}
		return e != nil
	})
	if last == nil {
		return
	}
	b, err := json.Marshal(small)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("shrunk to %d requests: %v\nrepeat it: %s -sim.seed=%d -sim.options='%s'", small.Requests, last, again, o.Seed, b)
}
