package logcache

// This file is where writes wait that are on their way to the log: in one queue
// of their volume, whatever for. That is credit, while the volume is slowed; room
// in the log or in the RAM buffers; what is on its way past the log below them; or
// those before them.

// line has the volumes whose writes wait.
type line struct {
	volumes   []*Volume
	n         int    // writes
	turns     uint64 // given out
	announced bool   // that the next one has no room
}

// join has a write wait behind those of its volume.
func (l *line) join(r *Request) {
	v := r.Volume
	if v.waiting.head == nil {
		l.volumes = append(l.volumes, v)
		v.limiter.waits.Store(true)
	}
	l.turns++
	r.turn = l.turns
	v.waiting.push(r)
	l.n++
}

// next is the write whose turn it is: of those that may go to the log the one that
// has waited longest. It is nil when all wait for credit, or for what is on its way
// past the log below them, or none waits.
func (l *line) next() (first *Request) {
	for _, v := range l.volumes {
		r := v.waiting.head
		if v.limiter.has(r) && !v.bypass.overlaps(r) && (first == nil || r.turn < first.turn) {
			first = r
		}
	}
	return first
}

// slowed tells whether writes wait, and all for credit.
func (l *line) slowed() bool {
	for _, v := range l.volumes {
		if v.limiter.has(v.waiting.head) {
			return false
		}
	}
	return l.n > 0
}

// busy tells whether others are before a write that has just come.
func (l *line) busy(r *Request) bool {
	return l.n > 0 && (r.Volume.waiting.head != nil || l.next() != nil)
}

// pop takes the oldest write of a volume out.
func (l *line) pop(v *Volume) *Request {
	r := v.waiting.pop()
	l.n--
	if v.waiting.head == nil {
		l.remove(v)
	}
	return r
}

func (l *line) remove(v *Volume) {
	last := len(l.volumes) - 1
	for i := range l.volumes {
		if l.volumes[i] == v {
			l.volumes[i] = l.volumes[last]
		}
	}
	l.volumes[last] = nil
	l.volumes = l.volumes[:last]
	v.limiter.waits.Store(false)
}

// wait has a write wait that cannot go to the log now.
func (c *Cache) wait(r *Request) {
	c.line.join(r)
	if v := r.Volume; v.limiter.has(v.waiting.head) {
		c.stats.Waited++
	} else {
		v.stats.SlowedWrites++
	}
	c.stand()
}

// stand takes in that the next write has no room in the log. One that is there in
// part is the next, whoever may go meanwhile: nothing comes in between.
func (c *Cache) stand() {
	r := c.line.next()
	if r == nil {
		return
	}
	if r.done > 0 {
		c.enter(r)
		r.turn = 0
	}
	if !c.line.announced {
		c.line.announced = true
		c.news.didWait()
	}
}

// resume goes on with the writes that wait.
func (c *Cache) resume(p *Port) {
	for c.line.n > 0 && c.health() == Healthy {
		r := c.line.next()
		if r == nil {
			break
		}
		if !c.append(p, r) {
			c.stand()
			return
		}
		if c.line.pop(r.Volume); c.logged(p, r) {
			p.answer(r, nil)
		}
	}
	c.line.announced = false
}

// holdWaiting has all writes of a volume that wait, and of which nothing is in
// the log, held by its freeze: they come anew when it is gone. Others may be
// next then.
func (c *Cache) holdWaiting(v *Volume) {
	var begun *Request
	if r := v.waiting.head; r == nil {
		return
	} else if r.done > 0 {
		begun = v.waiting.pop()
	}
	for v.waiting.head != nil {
		v.held.push(v.waiting.pop())
		v.inflight.Add(-1)
		c.line.n--
	}
	if begun != nil {
		v.waiting.push(begun)
	} else {
		c.line.remove(v)
	}
	if c.line.announced = false; c.line.n > 0 {
		c.advanceLater()
	}
}
