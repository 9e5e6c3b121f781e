package host

import "github.com/ublk-lc/ublk-lc/ublk/uring"

// registered keeps registered with a queue's ring the RAM buffers of the cache
// that its device is attached to, and of no other: records are then written
// without the kernel looking up their pages each time. It looks at what is,
// whenever the queue does something, and is told nothing: whatever way a device
// came to its cache or lost it, and at whatever point that failed, it ends up
// right.
//
// Being late is safe. The memory of a cache that is freed while some ring has it
// registered lives until that lets it go: see mem.Region.
type registered struct {
	ring  *uring.Ring
	cache *Cache // nil = none
}

// switchTo goes over to a cache, nil for none. It belongs to the ring's thread.
func (r *registered) switchTo(c *Cache) {
	if r.cache == c {
		return
	}
	if r.cache != nil {
		r.cache.unregister(r.ring)
	}
	r.cache = c
	if c != nil {
		c.register(r.ring)
	}
}

// register registers the RAM buffers with a ring, on the ring's thread. A
// refusal, as under a limit of locked memory, costs time and nothing else.
func (c *Cache) register(r *uring.Ring) {
	if err := r.Register(c.core.Memory()); err != nil {
		c.refused.Do(func() {
			go c.logf("cache %d on %s: log writes take a little more CPU time than they need: %v", c.id, c.dev.Path(), err)
		})
	}
}

// unregister is the reverse of register. If it fails, the memory lives as long
// as the ring.
func (c *Cache) unregister(r *uring.Ring) {
	if err := r.Unregister(c.core.Memory()); err != nil {
		go c.logf("cache %d on %s: its RAM buffers stay in memory until the device goes: %v", c.id, c.dev.Path(), err)
	}
}
