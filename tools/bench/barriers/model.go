package main

import (
	"container/heap"
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
	fua       bool // else a write with FUA is followed by a flush
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

// model is one measurement.
type model struct {
	ssd      *ssd
	writers  int
	think    time.Duration // between an answer and the next write
	apart    bool          // each writer has a device of his own
	deadline time.Duration
	left     int // barriers to be answered

	now    time.Duration
	n      int
	agenda agenda
	dice   *rand.Rand

	core *logcache.Cache
	port *logcache.Port
	vol  *logcache.Volume

	syncing [][]byte                       // buffers of who waits for the next FLUSH of the one device
	shared  int                            // how many share the one under way
	sharers map[*logcache.Request][][]byte // who shares each
	held    []*logcache.Request            // barriers that wait for company
	holding bool                           // their time runs
	company int                            // how often they were let go

	flushing bool
	sharing  []func() // who waits for the next flush
}

// blocks is how large the volume is, in blocks of 4 KiB.
const blocks = 1 << 16

// run measures barriers per second.
func (m *model) run() (rate float64, err error) {
	m.dice, m.sharers = rand.New(rand.NewPCG(1, 2)), map[*logcache.Request][][]byte{}
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
		m.after(m.pause(), func() { m.write(buf[i*4096:][:4096]) })
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
	c, _, err := logcache.Resume(dev, logcache.Config{Wake: func() {}})
	if err != nil {
		return err
	}
	m.core, m.port = c, logcache.NewPort(func() {})
	m.vol = logcache.NewVolume(1, "v", blocks*8, 512)
	c.Attach(m.vol, segment.Binding{ID: 1, Sectors: blocks * 8}, nil, func(e error) { err = e })
	c.Background().Poll()
	for ops := c.Background().Ops(); len(ops) > 0; ops = c.Background().Ops() {
		for _, op := range append(ops[:0:0], ops...) {
			op.Sink.Done(op, nil)
		}
	}
	return err
}

func (m *model) after(d time.Duration, do func()) {
	m.n++
	heap.Push(&m.agenda, event{m.now + d, m.n, do})
}

// pause is how long a writer thinks: half to one and a half times the usual.
func (m *model) pause() time.Duration {
	return m.think/2 + time.Duration(m.dice.Int64N(int64(m.think)+1))
}

// write writes a block, which is answered at once, and wants it to be durable.
func (m *model) write(buf []byte) {
	m.port.Submit(&logcache.Request{Op: logcache.Write, LBA: m.dice.Uint64N(blocks) * 8, Sectors: 8, Buf: buf, Volume: m.vol})
	m.pump()
	if m.apart {
		m.give(buf)
	} else {
		m.syncing = append(m.syncing, buf)
		m.share()
	}
	m.hold()
}

// share has a FLUSH on its way for all who want one, if none is.
func (m *model) share() {
	if m.shared == 0 && len(m.syncing) > 0 {
		m.shared = len(m.syncing)
		m.give(m.syncing...)
		m.syncing = nil
	}
}

// give has a FLUSH come to where it may be held back.
func (m *model) give(bufs ...[]byte) {
	r := &logcache.Request{Op: logcache.Flush, Volume: m.vol}
	m.sharers[r] = bufs
	m.held = append(m.held, r)
}

// waiting is how many writers wait for a FLUSH that is held back, or for the one
// behind it.
func (m *model) waiting() int {
	if m.apart {
		return len(m.held)
	}
	return m.shared + len(m.syncing)
}

// hold lets barriers wait until all writers do, or their time is up.
func (m *model) hold() {
	switch company := m.company; {
	case len(m.held) == 0:
	case m.deadline == 0 || m.waiting() == m.writers:
		m.letGo()
	case !m.holding:
		m.holding = true
		m.after(m.deadline, func() {
			if m.company == company {
				m.letGo()
			}
		})
	}
}

func (m *model) letGo() {
	held := m.held
	m.held, m.holding, m.company = nil, false, m.company+1
	for _, r := range held {
		m.port.Submit(r)
	}
	m.pump()
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
		for _, buf := range m.sharers[r] {
			m.left--
			m.after(m.pause(), func() { m.write(buf) })
		}
		delete(m.sharers, r)
		m.shared = 0
		m.after(0, func() {
			m.share()
			m.hold()
		})
	}
}

func (m *model) start(op *block.Op) {
	done := func() {
		op.Sink.Done(op, nil)
		m.pump()
	}
	switch {
	case op.Kind == block.Flush:
		m.flush(done)
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
