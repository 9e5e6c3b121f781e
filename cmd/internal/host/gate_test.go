package host

import (
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

func TestGate(t *testing.T) {
	woken := 0
	g := &gate{wake: func() { woken++ }}
	if !g.take(1<<20) || g.wants() {
		t.Fatal("an open gate holds a write, or takes note of it")
	}
	g.grant(1 << 20)
	if !g.take(1 << 20) {
		t.Fatal("a gate that nobody owns was closed")
	}
	g.own()
	g.grant(0)
	if !g.take(1<<20) || !g.wants() {
		t.Fatal("a write within the burst must go, and count")
	}
	if g.take(512) || !g.waiting.Load() || !g.wants() {
		t.Fatal("a write went on debt")
	}
	g.grant(1 << 19)
	if woken != 1 || g.take(512) {
		t.Fatalf("half of the debt is paid; woken %d times", woken)
	}
	for range 100 {
		g.grant(1 << 20)
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
		g.grant(0)
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
				g.grant(100)
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

func TestMeter(t *testing.T) {
	var m meter
	now := time.Unix(1000, 0)
	if got := m.takes(guess); got != time.Second {
		t.Errorf("by guess: %v", got)
	}
	m.begin(now, 10)
	for range 64 {
		m.wrote(now, &blockdev.Op{Dev: 5, Buf: make([]byte, 16<<10)})
		m.wrote(now, &blockdev.Op{Dev: 6, Buf: make([]byte, 16<<10)})
	}
	m.wrote(now, &blockdev.Op{Dev: 7, Buf: make([]byte, 512)})
	m.lanesDone(now.Add(time.Second), func(d blockdev.Dev) bool { return d == 6 })
	m.lanesDone(now.Add(4*time.Second), func(blockdev.Dev) bool { return false })
	m.end(now.Add(4*time.Second), 50, 1<<20, 100)
	if m.sustained != 10<<20 || m.lanes[5].sustained != 1<<20 || m.lanes[6].sustained != 1<<18 || m.lanes[7].sustained != 0 {
		t.Errorf("the log %d, backings %d and %d", m.sustained, m.lanes[5].sustained, m.lanes[6].sustained)
	}
	m.begin(now, 50)
	none := func(blockdev.Dev) (int, int) { return 0, 0 }
	half := func(d blockdev.Dev) (int, int) { return 100 * int(d) / 6, 200 }
	if got := m.willTake(now.Add(time.Second), 50<<20, none); got != 5*time.Second {
		t.Errorf("a batch that has just begun: %v", got)
	}
	m.wrote(now.Add(time.Second/2), &blockdev.Op{Dev: 6, Buf: make([]byte, 4096)})
	if got := m.willTake(now.Add(3*time.Second/2), 50<<20, half); got != 5*time.Second/2 {
		t.Errorf("one that is half done: %v", got)
	}
	if got := m.speed(now.Add(time.Second), 6, none); got != m.lanes[6].sustained {
		t.Errorf("before it can tell: %d", got)
	}
	if got := m.speed(now.Add(3*time.Second/2), 6, half); got != 100*4096 {
		t.Errorf("100 blocks in a second: %d", got)
	}
	m.wrote(now.Add(time.Second/2), &blockdev.Op{Dev: 3})
	if got := m.willTake(now.Add(3*time.Second/2), 50<<20, half); got != 9*time.Second/2 {
		t.Errorf("one whose slowest backing is a quarter done: %v", got)
	}
	if got := m.willTake(now.Add(9*time.Second), 50<<20, none); got != 9*time.Second {
		t.Errorf("one that takes longer than any before: %v", got)
	}
	m.end(now.Add(time.Hour), 51, 1<<20, 100)
	m.begin(now, 51)
	m.slowed = true
	m.end(now.Add(time.Hour), 91, 1<<20, 100)
	if m.sustained != 10<<20 {
		t.Errorf("learned from a batch of one segment, or one that was held back: %d", m.sustained)
	}
}
