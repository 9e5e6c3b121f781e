package logcache

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// untilContended waits until somebody wants the cache's lock, which the caller has.
func untilContended(c *Cache, before uint64) {
	for n := 0; c.contended.Load() == before; n++ {
		if n > 1000 { // else be quick: who wants it does not try for long
			runtime.Gosched()
		}
	}
}

// TestP7SidesChangedMeanwhile: a request that finds its volume on the other
// side, once it has the lock, goes there: to the backing when the cache is
// left, and through the log when the volume was attached.
func TestP7SidesChangedMeanwhile(t *testing.T) {
	r := attachedBench(t)
	p := NewPort(func() {})
	submitted := func(change func()) *block.Op {
		var all sync.WaitGroup
		r.c.lock()
		before := r.c.contended.Load()
		all.Go(func() {
			p.Submit(&Request{Op: Read, LBA: 500, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
		})
		untilContended(r.c, before)
		change()
		r.c.mu.Unlock()
		all.Wait()
		ops := p.Ops()
		if len(ops) != 1 {
			t.Fatalf("%d operations", len(ops))
		}
		return ops[0]
	}
	op := submitted(func() {})
	if u := p.table[op.Tag].purpose; u != forMiss {
		t.Errorf("of an attached volume, purpose %d", u)
	}
	op = submitted(func() { r.v.setCache(nil) })
	if u := p.table[op.Tag].purpose; u != forPassThrough {
		t.Errorf("of one that was detached meanwhile, purpose %d", u)
	}
}

// TestP7AttachedMeanwhile is the other way round. The lock does not tell that
// somebody waits, so it is tried until that is likely.
func TestP7AttachedMeanwhile(t *testing.T) {
	r := attachedBench(t)
	for range 20 {
		p := NewPort(func() {})
		r.c.lock()
		r.v.setCache(nil)
		r.c.mu.Unlock()
		var all sync.WaitGroup
		r.v.mu.Lock()
		all.Go(func() {
			p.Submit(&Request{Op: Read, LBA: 500, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
		})
		time.Sleep(time.Millisecond)
		r.v.cache.Store(r.c)
		r.v.mu.Unlock()
		all.Wait()
		if op := p.Ops()[0]; p.table[op.Tag].purpose != forMiss {
			t.Fatalf("purpose %d", p.table[op.Tag].purpose)
		}
	}
}

// TestP7FreezeWhileChangingSides: a freeze holds on the side on which the volume
// is in the end.
func TestP7FreezeWhileChangingSides(t *testing.T) {
	r := attachedBench(t)
	var all sync.WaitGroup
	r.c.lock()
	before := r.c.contended.Load()
	all.Go(r.v.Freeze)
	untilContended(r.c, before)
	r.v.setCache(nil)
	r.c.mu.Unlock()
	all.Wait()
	p := NewPort(func() {})
	p.Submit(&Request{Op: Read, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	if n := len(p.Ops()); n != 0 || r.v.held.n != 1 {
		t.Errorf("%d operations are under way, %d requests are held", n, r.v.held.n)
	}
}

// TestLockIsOne: whichever way it is taken, by trying again or by waiting, one
// thread has it.
func TestLockIsOne(t *testing.T) {
	c, n := &Cache{}, 0
	const rounds = 5000
	for i := range rounds {
		var other sync.WaitGroup
		before := c.contended.Load()
		c.lock()
		other.Go(func() {
			c.lock()
			n++
			c.mu.Unlock()
		})
		untilContended(c, before)
		if i%100 == 0 {
			time.Sleep(20 * time.Microsecond) // which is longer than anybody tries
		}
		if n != i {
			t.Fatalf("%d others had the lock in round %d", n, i)
		}
		c.mu.Unlock()
		other.Wait()
	}
}

// TestVolumeStatus: a snapshot has what is dirty in the cache that the volume has
// now, and what goes with the volume from one cache to the next.
func TestVolumeStatus(t *testing.T) {
	r := attachedBench(t)
	set := Bypass{Cutoff: 1 << 20, Single: true}
	r.v.SetBypass(set)
	r.v.stats.SlowedWrites = 7
	want := VolumeStatus{DirtyBlocks: r.c.DirtyBlocks(r.v.ID), Bypass: set, SlowedWrites: 7}
	if got := r.v.Status(); got != want || got.DirtyBlocks == 0 {
		t.Errorf("attached: %+v, want %+v", got, want)
	}
	r.c.Release(r.v)
	want.DirtyBlocks = 0
	if got := r.v.Status(); got != want {
		t.Errorf("without a cache: %+v, want %+v", got, want)
	}
}
