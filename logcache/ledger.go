package logcache

import "errors"

// errOtherFlush fails what needed a flush of a backing beside which another failed.
var errOtherFlush = errors.New("another flush of the backing has failed meanwhile: what was written before it may be lost")

// ledger has the flushes of one disk, whoever asks for them. Of a backing: a FLUSH
// behind writes that bypassed the log, a detach, a batch of the migration. Of the
// cache device: a group of barriers, the superblock, and each write with FUA, which
// may be a write and a flush.
//
// A flush that fails may have lost any write that was complete and not yet
// durable, whoever's it was; and the next one, which finds nothing to do,
// succeeds. While one is under way nobody knows whether it has failed already:
// its completion may be on the way to another thread. So there is one rule. A
// flush that has succeeded made its writes durable if all flushes that were
// under way by then have ended, and none has failed since the first of those
// writes began.
type ledger struct {
	begun    uint64      // flushes so far; each is known by its number
	failed   uint64      // of them, those that have failed
	inFlight []uint64    // those under way
	waiting  []suspended // those that have succeeded, and wait for others

	batch uint64 // the number of the flush of the batch under way
	mark  uint64 // those that had failed when it was begun to be written
}

// suspended is what waits until no flush up to a number is under way.
type suspended struct {
	upTo uint64
	then func(p *Port)
}

func (l *ledger) begin() uint64 {
	l.begun++
	l.inFlight = append(l.inFlight, l.begun)
	return l.begun
}

func (l *ledger) end(n uint64, err error) {
	for i := range l.inFlight {
		if l.inFlight[i] == n {
			l.inFlight[i] = l.inFlight[len(l.inFlight)-1]
			l.inFlight = l.inFlight[:len(l.inFlight)-1]
			break
		}
	}
	if err != nil {
		l.failed++
	}
}

// ended tells whether no flush up to a number is under way.
func (l *ledger) ended(upTo uint64) bool {
	for _, n := range l.inFlight {
		if n <= upTo {
			return false
		}
	}
	return true
}

// wait keeps what is to be done when the flushes that are under way now have
// ended.
func (l *ledger) wait(then func(p *Port)) { l.waiting = append(l.waiting, suspended{l.begun, then}) }

// next takes out one of those that need not wait any more, or returns nil.
func (l *ledger) next() func(p *Port) {
	for i := range l.waiting {
		if h := l.waiting[i]; l.ended(h.upTo) {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return h.then
		}
	}
	return nil
}

// worth is what the flush of the batch is worth that has succeeded.
func (l *ledger) worth() error {
	if l.failed > l.mark {
		return errOtherFlush
	}
	return nil
}

// flushEnded enters that flush n of a device's backing has ended, and goes on with
// what waited for that. It tells whether it is known what this one was worth; if
// not, its caller is to hold back what comes of it.
func (c *Cache) flushEnded(p *Port, dev uint8, n uint64, err error) (known bool) {
	l := &c.ledgers[dev]
	l.end(n, err)
	if err != nil {
		c.flushFailed(dev)
	}
	for then := l.next(); then != nil; then = l.next() {
		then(p)
	}
	return err != nil || l.ended(l.begun)
}

// flushFailed counts a failed flush with its device.
func (c *Cache) flushFailed(dev uint8) {
	v := c.volumes[dev]
	if v == nil {
		return
	}
	v.countError()
	c.excuse(v)
}

// excuse spares the next FLUSH of a volume a failed flush, if that can have lost
// nothing that went past the log.
func (c *Cache) excuse(v *Volume) {
	if b := &v.bypass; !b.needsFlush() && b.n == 0 {
		b.reported = c.ledgers[v.ID].failed
	}
}

// Sorting tells that a batch is about to be put in order, and then written. What
// was told of the last one is void, if that has failed.
func (c *Cache) Sorting() {
	c.changes = changes{}
	c.lock()
	defer c.unlock()
	for i := range c.ledgers {
		c.ledgers[i].mark = c.ledgers[i].failed
	}
}

// FlushBegins tells that migration's flush of a device's backing is about to
// start.
func (c *Cache) FlushBegins(dev uint8) {
	c.lock()
	defer c.unlock()
	l := &c.ledgers[dev]
	l.batch = l.begin()
}

// FlushEnded tells how that flush has ended. then is told, on the background
// port's thread, whether all that was written to the backing since Sorting is
// durable.
func (c *Cache) FlushEnded(dev uint8, err error, then func(error)) {
	p := c.background
	c.lock()
	l := &c.ledgers[dev]
	known := c.flushEnded(p, dev, l.batch, err)
	if !known {
		l.wait(func(*Port) {
			err := l.worth()
			p.Do(func(*Port) { then(err) })
		})
	} else if err == nil {
		err = l.worth()
	}
	c.unlock()
	p.finish()
	if known {
		then(err)
	}
}
