package logcache

// Health is what a cache may still do.
//
//	             Suspect
//	Healthy ─────────────────▶ Doubtful
//	   │     ◀─────────────────   │  │
//	   │       both copies ours   │  │
//	   │ the log cannot           │  │ a copy is
//	   ▼ be continued             │  ▼ another's
//	Failed ◀──────────────────────┘ Lost
//	   └───────────────────────────▶
//	     so is one that was being read
type Health uint8

const (
	// Healthy is a cache that does all that it is for.
	Healthy Health = iota
	// Doubtful is one after the machine may have slept: nothing new is written, to
	// the log or to a backing, until the superblock was read again.
	Doubtful
	// Failed is one whose log cannot be continued: it takes no more writes. What is
	// in the log is read, and migrated.
	Failed
	// Lost is one whose log is another's by now: nothing is read or written any
	// more.
	Lost
)

func (h Health) String() string { return [...]string{"healthy", "doubtful", "failed", "lost"}[h] }

// Health is how the cache is now. Any thread.
func (c *Cache) Health() Health {
	c.lock()
	defer c.unlock()
	return c.health()
}

// health is told from what broke the cache, and whether its log is still its own.
func (c *Cache) health() Health {
	switch {
	case c.doubt.lost != nil:
		return Lost
	case c.broken != nil:
		return Failed
	case c.doubt.on():
		return Doubtful
	}
	return Healthy
}
