package logcache

// This file is where writes wait that are on their way to the log: in one queue
// of their volume, whatever for. That is credit, while the volume is slowed; room
// in the log or in the RAM buffers; what is on its way past the log below them; or
// those before them.

// line has the volumes whose writes wait.
type line struct {
	volumes []*Volume
	n       int    // writes
	turns   uint64 // given out
	told    bool   // that one waits for more than credit
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

// next is the write whose turn it is: of those that have credit the one that has
// waited longest. It is nil when all wait for credit, or none does.
func (l *line) next() (first *Request) {
	for _, v := range l.volumes {
		if r := v.waiting.head; v.limiter.has(r) && (first == nil || r.turn < first.turn) {
			first = r
		}
	}
	return first
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
	v := r.Volume
	if !v.limiter.has(v.waiting.head) {
		v.limiter.slowed++
		return
	}
	c.stats.parked++
	c.short(r)
}

// short takes in that a write waits for more than credit. One that is in the log in
// part is the next, whoever gets credit meanwhile: nothing goes in between.
func (c *Cache) short(r *Request) {
	if r.done > 0 {
		c.enter(r)
		r.turn = 0
	}
	if !c.line.told {
		c.line.told = true
		c.events.parked()
	}
}

// resume goes on with the writes that wait.
func (c *Cache) resume(p *Port) {
	for c.line.n > 0 && c.broken == nil && !c.doubt.on() {
		r := c.line.next()
		if r == nil {
			break
		}
		if r.Volume.bypass.overlaps(r) || !c.append(p, r) {
			c.short(r)
			return
		}
		if c.line.pop(r.Volume); c.logged(p, r) {
			p.answer(r, nil)
		}
	}
	c.line.told = false
}

// leave has all writes of a volume that wait, and of which nothing is in the log,
// held by its fence: they come anew when it is gone.
func (c *Cache) leave(v *Volume) {
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
	c.line.told = c.line.next() != nil
}
