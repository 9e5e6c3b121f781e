package disk

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

// Disk is one modelled disk. Its methods may be called from any goroutine.
type Disk struct {
	config Config
	start  time.Time // virtual time counts from here
	alarm  *alarm
	ticker sync.WaitGroup

	mu       sync.Mutex // protects all below
	image    image
	queue    queue
	armed    time.Duration // when the ticker wakes up by itself
	arrivals uint64
	flying   map[*request]struct{} // received, not completed
	counters Counters
	off      bool // no power
	closed   bool
	conns    map[net.Conn]struct{}
	serving  sync.WaitGroup
}

// Counters tell what reached the disk.
type Counters struct {
	Reads, ReadBytes     uint64
	Writes, WrittenBytes uint64
	Flushes              uint64
	FUAs                 uint64 // writes that carried FUA; in Writes too
}

type operation uint8

const (
	opRead operation = iota + 1
	opWrite
	opFlush
)

// request is one NBD request on its way through the model.
type request struct {
	op      operation
	fua     bool
	off     int64
	length  int
	data    []byte // of a write; of a read, once it is done
	arrival uint64
	due     time.Duration
	mark    uint64         // flush: the newest write it covers
	err     error          // once it is done
	done    func(*request) // called once, without locks; not called if the power goes
}

const never = time.Duration(1<<63 - 1)

// Open makes path, created sparse or kept as it is, the content of a disk.
func Open(path string, c Config) (*Disk, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("disk: %w", err)
	}
	if err := file.Truncate(c.Size); err != nil {
		return nil, errors.Join(fmt.Errorf("disk: %w", err), file.Close())
	}
	alarm, err := newAlarm()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	d := &Disk{
		config: c,
		start:  time.Now(),
		alarm:  alarm,
		image:  image{file: file, limit: c.VolatileLimit},
		queue:  newQueue(c),
		armed:  never,
		flying: map[*request]struct{}{},
		conns:  map[net.Conn]struct{}{},
	}
	d.ticker.Add(1)
	go d.tick()
	return d, nil
}

// Config returns what is modelled, defaults filled in.
func (d *Disk) Config() Config { return d.config }

// Counters returns what has reached the disk so far.
func (d *Disk) Counters() Counters {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.counters
}

// ReadAt reads the newest content without delay and uncounted.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.image.read(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteAt puts stable content on the disk without delay and uncounted.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off < 0 || off+int64(len(p)) > d.config.Size {
		return 0, fmt.Errorf("disk: write of %d bytes at %d goes beyond %d", len(p), off, d.config.Size)
	}
	if err := d.image.writeStable(p, off); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d *Disk) now() time.Duration { return time.Since(d.start) }

// submit gives a request to the model. A disk without power drops it.
func (d *Disk) submit(r *request) {
	d.mu.Lock()
	if d.off {
		d.mu.Unlock()
		return
	}
	now := d.now()
	d.arrivals++
	r.arrival = d.arrivals
	r.mark = d.image.mark()
	d.flying[r] = struct{}{}
	d.queue.add(now, r)
	at, ok := d.queue.next()
	ring := ok && at > now && at < d.armed
	d.mu.Unlock()
	if ring {
		d.alarm.ring()
	}
	if ok && at <= now {
		d.advance()
	}
}

// tick completes requests when they are due.
func (d *Disk) tick() {
	defer d.ticker.Done()
	// The timer slack belongs to the thread. The thread ends with the
	// goroutine, as it is never unlocked, and takes the setting with it.
	runtime.LockOSThread()
	if err := d.alarm.sharpen(); err != nil {
		panic(err) // the kernel has known this call since 2.6.28
	}
	for {
		d.mu.Lock()
		at, ok := d.queue.next()
		wait := time.Duration(-1)
		d.armed = never
		if ok {
			d.armed = at
			wait = max(0, at-d.now())
		}
		closed := d.closed
		d.mu.Unlock()
		if closed {
			return
		}
		if err := d.alarm.wait(wait); err != nil {
			panic(err) // only a bug closes the eventfd under the ticker
		}
		d.advance()
	}
}

// advance completes what is due.
func (d *Disk) advance() {
	var done []*request
	d.mu.Lock()
	for !d.off {
		at, ok := d.queue.next()
		if !ok || at > d.now() {
			break
		}
		r := d.queue.take()
		d.perform(r)
		done = append(done, r)
	}
	d.mu.Unlock()
	for _, r := range done {
		r.done(r)
	}
}

// perform does to the image what a request asks for. The caller holds mu.
func (d *Disk) perform(r *request) {
	delete(d.flying, r)
	switch r.op {
	case opRead:
		r.data = make([]byte, r.length)
		r.err = d.image.read(r.data, r.off)
		d.counters.Reads++
		d.counters.ReadBytes += uint64(r.length)
	case opFlush:
		d.image.settle(r.mark)
		d.counters.Flushes++
	case opWrite:
		d.counters.Writes++
		d.counters.WrittenBytes += uint64(r.length)
		if r.fua {
			d.counters.FUAs++
			r.err = d.image.writeStable(r.data, r.off)
		} else {
			r.err = d.image.write(r.data, r.off)
		}
	}
}
