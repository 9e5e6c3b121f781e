package race

import (
	"errors"
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"go.uber.org/goleak"
)

var length = flag.Duration("race.for", 9*time.Second, "how long all shapes run together")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const lives = 3 // of a server

// shapes have odd sizes, so that nothing ends where something else does.
var shapes = []shape{
	{name: "own", segment: 16 << 10, block: 512, slots: 10, sizes: []uint64{4099, 2048}, largest: 64, unit: 1},
	{name: "shared", segment: 64 << 10, block: 512, slots: 10, sizes: []uint64{517, 1031}, shared: 384, largest: 64, unit: 1},
	{name: "blocks", segment: 32 << 10, block: 4096, slots: 8, sizes: []uint64{4096, 1032}, shared: 64, largest: 256, unit: 8},
	{name: "large", segment: 1 << 20, block: 512, slots: 5, sizes: []uint64{65537, 40961}, shared: 4096, largest: 2048, unit: 1},
	{name: "largest", segment: 64 << 20, block: 512, slots: 4, sizes: []uint64{131071}, largest: 2048, unit: 1},
	{name: "bindings", segment: 64 << 10, block: 512, slots: 16, sizes: sizes(127), shared: 8, largest: 32, unit: 1},
}

// sizes are odd sizes of n volumes.
func sizes(n int) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = uint64(101 + 2*i)
	}
	return list
}

func TestThreads(t *testing.T) {
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			s := newServer(t, sh)
			requests := 0
			for range lives {
				s.live()
				s.compare()
				requests += s.serve(*length / time.Duration(lives*len(shapes)))
				s.settle()
				t.Logf("%d requests so far; %+v", requests, s.core.Status())
				s.die()
			}
			s.live()
			s.compare()
			s.retire()
			s.die()
		})
	}
}

// serve runs the threads for a while, and returns how many requests they made.
func (s *server) serve(d time.Duration) (requests int) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	list := make([]*thread, threads)
	for i := range list {
		h := newThread(s.t, s, i)
		list[i] = h
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			h.run(&stop)
		})
	}
	wg.Go(func() { s.watch(&stop) })
	s.administer(d)
	stop.Store(true)
	wg.Wait()
	for _, h := range list {
		requests += h.n
		if err := mem.Free(h.memory); err != nil {
			s.t.Error(err)
		}
	}
	return requests
}

// watch holds the cache to what is always so while threads use it.
func (s *server) watch(stop *atomic.Bool) {
	var last logcache.Sequences
	for !stop.Load() {
		if err := errors.Join(s.core.CheckSequences(&last), s.core.CheckParts()); err != nil {
			s.t.Errorf("invariant: %v", err)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
