package disk

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Disk is one modelled disk. Its methods may be called from any goroutine.
type Disk struct {
	config Config
	start  time.Time // virtual time counts from here
	alarm  *alarm
	thread sync.WaitGroup
	spares spares // of the disk's thread

	mu       sync.Mutex // protects all below
	image    image
	queue    queue
	arrivals uint64
	flying   map[*request]struct{} // received, not completed
	counters Counters
	off      bool // no power
	closed   bool
	conns    map[net.Conn]struct{} // in their handshake
	sessions []*session            // behind it
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
	from    *session
	cookie  uint64
	op      operation
	fua     bool
	off     int64
	length  int
	data    []byte // of a write
	arrival uint64
	due     time.Duration
	mark    uint64 // flush: the newest write it covers
}

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
		flying: map[*request]struct{}{},
		conns:  map[net.Conn]struct{}{},
	}
	d.thread.Go(d.run)
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
