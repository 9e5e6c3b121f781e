package logcache

// Events are optional callbacks, called without any lock, by whatever thread it
// was that let go of the cache's. They must be quick.
type Events struct {
	Progress func()      // more is durable, or migrated: there may be more to migrate
	Closed   func()      // a segment of the log is full or was ended
	Waiting  func()      // a write that may go has no room, after a time when none waited so
	Broken   func(error) // the cache takes no more writes
}

// news is what events are to tell when the lock is free.
type news struct {
	any      bool
	progress bool
	waiting  bool
	closed   int
	broken   error
}

// unlock gives the cache's lock back, and tells what happened under it.
func (c *Cache) unlock() {
	if !c.news.any {
		c.mu.Unlock()
		return
	}
	n := c.news
	c.news = news{}
	c.mu.Unlock()
	c.events.tell(&n)
}

func (e *Events) tell(n *news) {
	if n.progress && e.Progress != nil {
		e.Progress()
	}
	for range n.closed {
		if e.Closed != nil {
			e.Closed()
		}
	}
	if n.waiting && e.Waiting != nil {
		e.Waiting()
	}
	if n.broken != nil && e.Broken != nil {
		e.Broken(n.broken)
	}
}

func (n *news) didWait()     { n.any, n.waiting = true, true }
func (n *news) didProgress() { n.any, n.progress = true, true }
func (n *news) didClose()    { n.any, n.closed = true, n.closed+1 }

func (n *news) didBreak(err error) { n.any, n.broken = true, err }
