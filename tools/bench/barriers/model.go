package main

import (
	"container/heap"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// ssd is a device that takes any number of writes at once and flushes one at a
// time. What asks for a flush while one is under way shares the next one, as in
// the kernel.
type ssd struct {
	name      string
	write     time.Duration // one of 4 KiB
	bandwidth int64         // bytes/s, for what is longer
	flush     time.Duration
	fua       bool // it has FUA, which costs nothing; else a write with FUA is followed by a flush
	parallel  bool // it has FUA, which costs as much as a flush, for several writes at once
}

// event is something that happens at a time.
type event struct {
	at time.Duration
	n  int // of two at one time the one that was planned first comes first
	do func()
}

type agenda []event

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].n < a[j].n
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(e any)   { *a = append(*a, e.(event)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// think is what is between an answer and the next write of a writer.
type think struct {
	usual time.Duration
	other time.Duration // once in eight times; 0 = never
}

// model is one measurement.
type model struct {
	ssd      *ssd
	writers  int
	think    think
	apart    bool // each writer has a device of his own
	deadline time.Duration
	left     int // barriers to be answered

	now    time.Duration
	n      int
	agenda agenda
	dice   *rand.Rand

	core  *logcache.Cache
	port  *logcache.Port
	disks []*disk

	flushing bool
	sharing  []func() // who waits for the next flush
}

// disk is a device, of which the kernel has one FLUSH under way at a time.
type disk struct {
	vol     *logcache.Volume
	syncing []*writer // who waits for the next one
	sharers []*writer // who shares the one under way
}

type writer struct {
	disk *disk
	buf  []byte
}

// blocks is how large a volume is, in blocks of 4 KiB.
const blocks = 1 << 16

// run measures barriers per second.
func (m *model) run() (rate float64, err error) {
	m.dice, m.now = rand.New(rand.NewPCG(1, 2)), 1
	if err := m.resume(); err != nil {
		return 0, err
	}
	defer func() {
		if e := m.core.Free(); err == nil {
			err = e
		}
	}()
	buf, err := mem.Alloc(m.writers * 4096)
	if err != nil {
		return 0, err
	}
	defer mem.Free(buf)
	all, start := m.left, m.now
	for i := range m.writers {
		w := &writer{m.disks[i%len(m.disks)], buf[i*4096:][:4096]}
		m.after(m.pause(), func() { m.write(w) })
	}
	for m.left > 0 {
		e := heap.Pop(&m.agenda).(event)
		m.now = e.at
		e.do()
	}
	return float64(all) / (m.now - start).Seconds(), nil
}

func (m *model) resume() error {
	dev := &forgetful{}
	if _, err := logcache.Format(dev, logcache.FormatOptions{DeviceSize: 4 << 30, BlockSize: 512, Nonce: 1}); err != nil {
		return err
	}
	c, _, err := logcache.Resume(dev, logcache.Config{Wake: func() {}, Clock: func() time.Duration { return m.now }})
	if err != nil {
		return err
	}
	m.core, m.port = c, logcache.NewPort(func() {})
	c.SetBarrierDeadline(m.deadline)
	n := 1
	if m.apart {
		n = m.writers
	}
	for i := range n {
		id := uint8(i + 1)
		d := &disk{vol: logcache.NewVolume(id, "v", blocks*8, 512)}
		m.disks = append(m.disks, d)
		c.Attach(d.vol, segment.Binding{ID: id, UUID: [16]byte{id}, Sectors: blocks * 8, Fingerprint: uint64(id)}, nil, func(e error) { err = errors.Join(err, e) })
		carryOut(c.Background())
	}
	return err
}

// carryOut does what a port asks for until it asks for nothing.
func carryOut(p *logcache.Port) {
	p.Poll()
	for ops := p.Ops(); len(ops) > 0; ops = p.Ops() {
		for _, op := range append(ops[:0:0], ops...) {
			op.Sink.Done(op, nil)
		}
	}
}

func (m *model) after(d time.Duration, do func()) {
	m.n++
	heap.Push(&m.agenda, event{m.now + d, m.n, do})
}

// pause is how long a writer thinks: half to one and a half times the usual, or of
// that which comes now and then.
func (m *model) pause() time.Duration {
	think := m.think.usual
	if m.think.other > 0 && m.dice.IntN(8) == 0 {
		think = m.think.other
	}
	return think/2 + time.Duration(m.dice.Int64N(int64(think)+1))
}

// write writes a block, which is answered at once, and wants it to be durable.
func (m *model) write(w *writer) {
	m.port.Submit(&logcache.Request{Op: logcache.Write, LBA: m.dice.Uint64N(blocks) * 8, Sectors: 8, Buf: w.buf, Volume: w.disk.vol})
	m.pump()
	w.disk.syncing = append(w.disk.syncing, w)
	m.flushDisk(w.disk)
}

// flushDisk has a FLUSH on its way for all who want one of a device, if none is.
func (m *model) flushDisk(d *disk) {
	if len(d.sharers) == 0 && len(d.syncing) > 0 {
		d.sharers, d.syncing = d.syncing, nil
		m.port.Submit(&logcache.Request{Op: logcache.Flush, Volume: d.vol, Tag: uint32(d.vol.ID)})
		m.pump()
	}
}

// pump starts what the core asks for, and goes on with writers whose FLUSH was
// answered.
func (m *model) pump() {
	for _, op := range m.port.Ops() {
		m.start(op)
	}
	for _, r := range m.port.Answers() {
		if r.Op != logcache.Flush {
			continue
		}
		d := m.disks[r.Tag-1]
		for _, w := range d.sharers {
			m.left--
			m.after(m.pause(), func() { m.write(w) })
		}
		d.sharers = nil
		m.after(0, func() { m.flushDisk(d) })
	}
}

func (m *model) start(op *block.Op) {
	done := func() {
		op.Sink.Done(op, nil)
		m.pump()
	}
	switch {
	case op.Kind == block.Wait:
		m.after(op.For, done)
	case op.Kind == block.Flush:
		m.flush(done)
	case op.FUA && m.ssd.parallel:
		m.after(m.transfer(op)+m.ssd.flush, done)
	case op.FUA && !m.ssd.fua:
		m.after(m.transfer(op), func() { m.flush(done) })
	default:
		m.after(m.transfer(op), done)
	}
}

func (m *model) transfer(op *block.Op) time.Duration {
	return m.ssd.write + time.Duration(float64(max(0, op.Bytes()-4096))/float64(m.ssd.bandwidth)*float64(time.Second))
}

func (m *model) flush(done func()) {
	m.sharing = append(m.sharing, done)
	if !m.flushing {
		m.flushNow()
	}
}

func (m *model) flushNow() {
	who := m.sharing
	m.sharing, m.flushing = nil, true
	m.after(m.ssd.flush, func() {
		m.flushing = false
		if len(m.sharing) > 0 {
			m.flushNow()
		}
		for _, done := range who {
			done()
		}
	})
}

// forgetful is a formatted device that keeps its superblock and nothing else.
type forgetful struct{ super [2][]byte }

func (d *forgetful) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if i := off / segment.SuperSpace; i < 2 && off%segment.SuperSpace == 0 {
		copy(b, d.super[i])
	}
	return len(b), nil
}

func (d *forgetful) WriteAt(b []byte, off int64) (int, error) {
	if i := off / segment.SuperSpace; i < 2 && off%segment.SuperSpace == 0 {
		d.super[i] = append([]byte(nil), b[:min(len(b), segment.SuperSpace)]...)
	}
	return len(b), nil
}

// Flush has nothing to do.
func (d *forgetful) Flush() error { return nil }
