package logcache

import "sync/atomic"

// Credit is what a volume may write to the log from now on. What goes past the
// log takes none, nor do discards.
type Credit struct {
	Slowed bool  // else it may write as it likes, and nothing below counts
	Bytes  int64 // that are added to what it has
	First  int64 // that it has when it was not slowed before
	Most   int64 // that it may save up
}

// limiter is the token bucket of a volume's writes. The cache's lock guards what
// is not atomic.
type limiter struct {
	on   bool
	free bool  // it is never on again: see Unlimit
	left int64 // bytes; a write may leave a debt of its own length

	came  atomic.Bool // a write has come since that was asked last
	waits atomic.Bool // writes wait
}

// has tells whether there is credit for a write. One that is in the log in part
// goes on, whatever else was decided meanwhile.
func (l *limiter) has(r *Request) bool {
	return !l.on || l.left > 0 || r.Op != Write || r.done > 0
}

// meets tells whether there is credit for a write that has just come.
func (l *limiter) meets(r *Request) bool {
	if !l.on {
		return true
	}
	l.came.Store(true)
	return l.has(r)
}

// spend takes the credit of a write that is in the log.
func (l *limiter) spend(r *Request) {
	if l.on {
		l.left -= int64(len(r.Buf))
	}
}

// set takes new credit in. What is not used does not pile up.
func (l *limiter) set(c Credit) {
	switch {
	case !c.Slowed || l.free:
		l.on = false
		return
	case !l.on:
		l.on, l.left = true, c.First
	}
	l.left = min(c.Most, l.left+c.Bytes)
}

// Limit says what a volume that is attached to the cache may write to the log, and
// goes on with what waited for that. It belongs to the background port's thread.
func (c *Cache) Limit(v *Volume, set Credit) { c.limit(c.background, v, set) }

func (c *Cache) limit(p *Port, v *Volume, set Credit) {
	c.lock()
	if l := &v.limiter; v.cache.Load() == c {
		r := v.waiting.head
		poor := r != nil && !l.has(r)
		if l.set(set); poor && l.has(r) {
			c.resume(p)
		}
	}
	c.unlock()
	p.finish()
}

// Unlimit lets all writes of a volume go, on the threads that they came from. It is
// not slowed any more while it stays attached. Any thread.
func (v *Volume) Unlimit() {
	release := v.lock()
	v.limiter.free = v.cache.Load() != nil
	r := v.waiting.head
	if r == nil {
		v.limiter.set(Credit{})
		release()
		return
	}
	port := r.port
	release() // from now on r may be answered, and be used for something else
	port.Do(func(p *Port) {
		if c := v.cache.Load(); c != nil {
			c.limit(p, v, Credit{})
		}
	})
}

// Backlogged tells whether a volume has writes that wait, or has had any, while it
// was slowed, since this was asked last. Any thread.
func (v *Volume) Backlogged() bool {
	l := &v.limiter
	return l.came.Load() && l.came.Swap(false) || l.waits.Load() // it is asked often: most times, the writers' cache line stays theirs
}
