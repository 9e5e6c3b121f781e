package disk

import (
	"runtime"
	"time"
)

// run is the disk's thread. It takes requests in, completes them when they are
// due, and answers. That one thread does all of it, and waits in the kernel for
// sockets and time at once, keeps what the model costs away from what runs
// beside it: it has few processors to share.
func (d *Disk) run() {
	// The timer slack belongs to the thread. The thread ends with the
	// goroutine, as it is never unlocked, and takes the setting with it.
	runtime.LockOSThread()
	if err := sharpen(); err != nil {
		panic(err) // the kernel has known this call since 2.6.28
	}
	addPlace(1)
	defer addPlace(-1)
	var live []*session
	for {
		var wait time.Duration
		var closed bool
		if live, wait, closed = d.turn(live[:0]); closed {
			return
		}
		if err := d.alarm.wait(wait, live); err != nil {
			panic(err) // only a bug closes a descriptor under the thread
		}
		for i, s := range live {
			if d.alarm.readable(i) {
				if err := s.receive(d); err != nil {
					d.finish(s, err)
				}
			}
		}
		d.advance()
		for _, s := range live {
			s.reply()
		}
	}
}

// turn ends the sessions that are over, and appends the others to live. It tells
// how long to wait for the next completion, negative for ever.
func (d *Disk) turn(live []*session) (_ []*session, wait time.Duration, closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.sessions {
		if s.over != nil {
			s.end()
		} else {
			live = append(live, s)
		}
	}
	d.sessions = append(d.sessions[:0], live...)
	wait = -1
	if at, ok := d.queue.next(); ok {
		wait = max(0, at-d.now())
	}
	return live, wait, d.closed
}

// finish has the next turn end a session, of which the client left (io.EOF) or
// sent nonsense.
func (d *Disk) finish(s *session, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.over = err
}

// submit gives a request to the model. A disk without power drops it.
func (d *Disk) submit(r *request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off || r.from.over != nil {
		return
	}
	d.arrivals++
	r.arrival = d.arrivals
	r.mark = d.image.mark()
	d.flying[r] = struct{}{}
	d.queue.add(d.now(), r)
}

// advance completes what is due.
func (d *Disk) advance() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !d.off {
		at, ok := d.queue.next()
		if !ok || at > d.now() {
			return
		}
		r := d.queue.take()
		delete(d.flying, r)
		d.perform(r)
		d.spares.keep(r)
	}
}

// perform does to the image what a request asks for, and answers. The caller
// holds mu.
func (d *Disk) perform(r *request) {
	var err error
	switch r.op {
	case opRead:
		d.counters.Reads++
		d.counters.ReadBytes += uint64(r.length)
		r.from.read(r.cookie, r.length, func(p []byte) error { return d.image.read(p, r.off) })
		return
	case opFlush:
		d.image.settle(r.mark)
		d.counters.Flushes++
	case opWrite:
		d.counters.Writes++
		d.counters.WrittenBytes += uint64(r.length)
		if r.fua {
			d.counters.FUAs++
			err = d.image.writeStable(r.data, r.off)
		} else {
			err = d.image.write(r.data, r.off)
		}
	}
	code := uint32(0)
	if err != nil {
		code = nbdEIO
	}
	r.from.answer(r.cookie, code, 0)
}
