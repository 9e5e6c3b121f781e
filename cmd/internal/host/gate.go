package host

import (
	"sync"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/migrate/pace"
)

// gate slows the writes of one device. While it is open, a write costs one
// atomic load. While it is closed, writes take credit, which the cache's thread
// hands out; those that find none are held by their queue until it is woken.
type gate struct {
	closed  atomic.Bool
	credit  atomic.Int64  // bytes; a write may leave a debt of its own length
	waiting atomic.Bool   // a queue holds writes
	taken   atomic.Bool   // a write has come since the last grant
	held    atomic.Uint64 // writes that had to wait so far

	mu    sync.Mutex // one grant or release at a time
	owned bool       // attached: only then may it be closed
	wake  func()     // the device's queues
}

// own lets a cache's thread close the gate.
func (g *gate) own() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owned = true
}

// release opens the gate for good: nobody hands out credit any more.
func (g *gate) release() {
	g.mu.Lock()
	g.owned = false
	g.mu.Unlock()
	g.open()
}

// open lets all writes go.
func (g *gate) open() {
	g.closed.Store(false)
	if g.waiting.Swap(false) {
		g.wake()
	}
}

// take lets a write of n bytes go, or tells that it must wait. Any queue.
func (g *gate) take(n int) bool {
	if !g.closed.Load() {
		return true
	}
	if g.spend(int64(n)) {
		return true
	}
	g.waiting.Store(true)
	return !g.closed.Load() || g.spend(int64(n)) // it may have changed just before that
}

func (g *gate) spend(n int64) bool {
	g.taken.Store(true)
	for {
		c := g.credit.Load()
		if c <= 0 {
			return false
		}
		if g.credit.CompareAndSwap(c, c-n) {
			return true
		}
	}
}

// backlogged tells whether the device has written, or wanted to, since the last time.
func (g *gate) backlogged() bool {
	return g.taken.Load() && g.taken.Swap(false) || g.waiting.Load() // it is asked often: most times, the queues' cache line stays theirs
}

// set opens the gate, or hands out credit.
func (g *gate) set(c pace.Credit) {
	if !c.Slowed {
		g.open()
		return
	}
	g.grant(c)
}

// grant closes the gate, if it is not closed yet, and hands out credit. What is
// not used does not pile up.
func (g *gate) grant(c pace.Credit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.owned {
		return
	}
	if !g.closed.Load() {
		g.credit.Store(c.First)
		g.closed.Store(true)
	}
	for {
		had := g.credit.Load()
		if g.credit.CompareAndSwap(had, min(c.Most, had+c.Bytes)) {
			break
		}
	}
	if g.waiting.Swap(false) {
		g.wake()
	}
}
