package host

import (
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

// credit is that of a pacer for so many bytes.
func credit(n int64) pace.Credit {
	return pace.Credit{Slowed: true, Bytes: n, First: 64 << 10, Most: max(64<<10, 4*n)}
}

func TestGate(t *testing.T) {
	woken := 0
	g := &gate{wake: func() { woken++ }}
	if !g.take(1<<20) || g.backlogged() {
		t.Fatal("an open gate holds a write, or takes note of it")
	}
	g.set(credit(1 << 20))
	if !g.take(1 << 20) {
		t.Fatal("a gate that nobody owns was closed")
	}
	g.own()
	g.set(credit(0))
	if !g.take(1<<20) || !g.backlogged() {
		t.Fatal("a write within the burst must go, and count")
	}
	if g.take(512) || !g.waiting.Load() || !g.backlogged() {
		t.Fatal("a write went on debt")
	}
	g.set(credit(1 << 19))
	if woken != 1 || g.take(512) {
		t.Fatalf("half of the debt is paid; woken %d times", woken)
	}
	for range 100 {
		g.set(credit(1 << 20))
	}
	if c := g.credit.Load(); c != 4<<20 {
		t.Errorf("credit piles up to %d", c)
	}
	for g.take(1 << 20) {
	}
	woken = 0
	g.release()
	if woken != 1 || !g.take(1<<20) {
		t.Errorf("released, and woken %d times", woken)
	}
}

// A gate that is opened for good while queues come and its cache still grants
// leaves nobody waiting.
func TestGateRelease(t *testing.T) {
	for range 200 {
		wakes := make(chan struct{}, 1)
		g := &gate{wake: func() {
			select {
			case wakes <- struct{}{}:
			default:
			}
		}}
		g.own()
		g.set(credit(0))
		var all sync.WaitGroup
		all.Go(func() {
			for range 100 {
				for !g.take(4096) {
					select {
					case <-wakes:
					case <-time.After(10 * time.Second):
						t.Error("nobody wakes the writer")
						return
					}
				}
			}
		})
		all.Go(func() {
			for range 10 {
				g.set(credit(100))
			}
		})
		all.Go(g.release)
		all.Wait()
	}
}

func TestFIFO(t *testing.T) {
	var f fifo
	f.init(3)
	reqs := make([]logcache.Request, 3)
	for range 5 {
		for i := range reqs {
			f.push(&reqs[i])
		}
		for i := range reqs {
			if f.first() != &reqs[i] || f.pop() != &reqs[i] {
				t.Fatal("not in order")
			}
		}
		f.push(&reqs[0])
		f.pop()
	}
	if f.len() != 0 {
		t.Errorf("%d left", f.len())
	}
}
