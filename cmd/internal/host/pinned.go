package host

import "github.com/ublk-lc/ublk-lc/ublk/uring"

// pinned keeps registered with a queue's ring the RAM buffers of the cache that
// its device is attached to, and of no other: records are then written without
// the kernel looking up their pages each time. It looks at what is, whenever
// the queue does something, and is told nothing: whatever way a device came to
// its cache or lost it, and at whatever point that failed, it ends up right.
//
// Being late is safe. The memory of a cache that is freed while some ring has it
// registered lives until that lets it go: see mem.Region.
type pinned struct {
	ring  *uring.Ring
	cache *Cache // nil = none
}

// follow goes over to a cache, nil for none. It belongs to the ring's thread.
func (p *pinned) follow(c *Cache) {
	if p.cache == c {
		return
	}
	if p.cache != nil {
		p.cache.unpin(p.ring)
	}
	p.cache = c
	if c != nil {
		c.pin(p.ring)
	}
}

// pin registers the RAM buffers with a ring, on the ring's thread. A refusal,
// as under a limit of locked memory, costs time and nothing else.
func (c *Cache) pin(r *uring.Ring) {
	if err := r.Register(c.core.Memory()); err != nil {
		c.unpinned.Do(func() {
			go c.logf("cache %d on %s: log writes take a little more CPU time than they need: %v", c.id, c.dev.Path(), err)
		})
	}
}

// unpin is the reverse of pin. If it fails, the memory lives as long as the ring.
func (c *Cache) unpin(r *uring.Ring) {
	if err := r.Unregister(c.core.Memory()); err != nil {
		go c.logf("cache %d on %s: its RAM buffers stay in memory until the device goes: %v", c.id, c.dev.Path(), err)
	}
}
