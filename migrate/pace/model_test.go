package pace

import "time"

// model is a log, its backings and its writers, as simple as they can be, on a
// clock of its own, paced by a pacer. It goes on by a millisecond at a time.
type model struct {
	p    *Pacer
	now  time.Duration
	due  time.Duration // of the next Step
	in   Inputs
	last Orders
	woke bool // something happened that the thread of a cache would wake up for

	disks  []*disk
	open   [8]int64   // bytes of each disk in the segment being filled
	full   [][8]int64 // the same, of those that are full, oldest first
	batch  int        // of these, under way
	flush  time.Duration
	check  func(m *model, o *Orders)
	stucks int // how often a writer found the log full, in milliseconds
	began  int // batches
}

// disk is a device: its backing, who writes to it and who reads from it.
type disk struct {
	speed int64 // bytes/s that the backing takes
	offer int64 // bytes/s that the writer would write

	queue   int64 // bytes that the writer has ready
	written int64 // that the log took
	hungry  time.Duration
	waited  time.Duration // the longest time that the writer had something ready and nothing of it was taken
	slowed  bool
	credit  int64

	todo, all, done int64 // bytes of the batch
	budget          float64
	drained         int64 // bytes
	held            time.Duration
}

const (
	mib = 1 << 20
	// modelOp is one write of migration.
	modelOp = 64 << 10
	// modelSSD is what the log takes, in bytes/s.
	modelSSD = 400 * mib
)

// newModel has 64 segments of 1 MiB.
func newModel(set Settings, disks ...*disk) *model {
	m := &model{p: New(), disks: disks}
	m.in.Settings = &set
	m.in.Log.Slots, m.in.Log.Segment = 64, mib
	m.in.Batch.Most, m.in.Batch.Left = 64, Unlimited
	for i := range disks {
		m.in.Devices = append(m.in.Devices, Device{ID: uint8(i + 1)})
	}
	return m
}

// run lets time pass.
func (m *model) run(d time.Duration) {
	for end := m.now + d; m.now < end; m.now += time.Millisecond {
		for i, d := range m.disks {
			m.write(i, d)
			m.drain(i, d)
		}
		m.finish()
		if m.woke || m.now >= m.due || m.in.Log.Stuck {
			m.step()
		}
	}
}

// write lets a writer write for a millisecond.
func (m *model) write(i int, d *disk) {
	d.queue = min(d.queue+d.offer/1000, mib)
	dev := &m.in.Devices[i]
	dev.Backlogged = dev.Backlogged || d.slowed && d.queue > 0
	before := d.written
	for ssd := int64(modelSSD / 1000); ssd > 0 && d.queue > 0 && (!d.slowed || d.credit > 0); {
		n := min(d.queue, ssd, m.room(), modelOp)
		if n == 0 {
			m.in.Log.Stuck, m.stucks = true, m.stucks+1
			break
		}
		ssd, d.queue, d.written, d.credit = ssd-n, d.queue-n, d.written+n, d.credit-n
		m.open[i], dev.Dirty = m.open[i]+n, dev.Dirty+n
		if m.filled() >= mib {
			m.full, m.open, m.woke = append(m.full, m.open), [8]int64{}, true
		}
	}
	if d.queue == 0 || d.written > before {
		d.hungry = m.now
	}
	d.waited = max(d.waited, m.now-d.hungry)
}

func (m *model) filled() (n int64) {
	for _, b := range m.open {
		n += b
	}
	return n
}

// room is what the log takes now.
func (m *model) room() int64 {
	if len(m.full) >= m.in.Log.Slots {
		return 0
	}
	return mib - m.filled()
}

// drain lets a backing work for a millisecond.
func (m *model) drain(i int, d *disk) {
	if m.last.Hold.Has(uint8(i + 1)) {
		d.held += time.Millisecond
		return
	}
	if d.todo == 0 {
		d.budget = 0
		return
	}
	d.budget += float64(d.speed) / 1000
	for d.todo > 0 && d.budget > 0 && m.in.Batch.Left > 0 {
		n := min(d.todo, modelOp)
		m.p.Wrote(m.now, uint8(i+1), int(n))
		m.woke = true
		d.todo, d.done, d.drained, d.budget = d.todo-n, d.done+n, d.drained+n, d.budget-float64(n)
		if m.in.Batch.Left != Unlimited {
			m.in.Batch.Left -= n
		}
	}
	d.budget = min(d.budget, float64(d.speed)/1000)
}

// finish ends a batch whose writes are done, after a flush.
func (m *model) finish() {
	for _, d := range m.disks {
		if d.todo > 0 {
			m.flush = m.now
		}
	}
	if m.batch == 0 || m.now-m.flush < 10*time.Millisecond {
		return
	}
	for _, s := range m.full[:m.batch] {
		for i := range m.disks {
			m.in.Devices[i].Dirty -= s[i]
		}
	}
	m.in.Log.LastMigrated += uint64(m.batch)
	m.full, m.batch = m.full[m.batch:], 0
	m.in.Log.Stuck, m.woke = false, true
}

// step asks the pacer and does what it says.
func (m *model) step() {
	m.observe()
	o := m.p.Step(m.now, &m.in)
	if m.check != nil {
		m.check(m, &o)
	}
	m.last, m.due, m.woke = o, m.now+o.Next, false
	m.in.Batch.Left = o.Limit
	if o.Close && m.filled() > 0 {
		m.full, m.open = append(m.full, m.open), [8]int64{}
	}
	if o.Batch > 0 && len(m.full) > 0 {
		m.begin(min(o.Batch, len(m.full), m.in.Batch.Most))
	}
	for i, d := range m.disks {
		m.in.Devices[i].Backlogged = false
		if o.Credit != nil {
			d.take(o.Credit[i])
		}
	}
	m.in.Latency.Fresh = false
}

func (m *model) observe() {
	l := &m.in.Log
	l.Closed, l.Dirty = len(m.full), 0
	l.Newest = l.LastMigrated + uint64(len(m.full))
	if m.filled() > 0 {
		l.Newest++
	}
	for i, d := range m.disks {
		dev := &m.in.Devices[i]
		l.Dirty += dev.Dirty
		dev.Busy, dev.Done, dev.Writes = d.todo > 0, int(d.done/modelOp), int((d.all+modelOp-1)/modelOp)
	}
	m.in.Batch.Segments = m.batch
}

// begin starts a batch of the oldest segments.
func (m *model) begin(n int) {
	m.batch, m.flush, m.began = n, m.now, m.began+1
	m.p.Began(m.now)
	for i, d := range m.disks {
		d.todo = 0
		for _, s := range m.full[:n] {
			d.todo += s[i]
		}
		d.all, d.done = d.todo, 0
	}
}

// take refills the limiter of a writer.
func (d *disk) take(c Credit) {
	if !c.Slowed {
		d.slowed = false
		return
	}
	if !d.slowed {
		d.slowed, d.credit = true, c.First
	}
	d.credit = min(c.Most, d.credit+c.Bytes)
}

// drained is what all backings took.
func (m *model) drained() (n int64) {
	for _, d := range m.disks {
		n += d.drained
	}
	return n
}

// fill has writers write so many segments at once, with nothing migrated meanwhile.
func (m *model) fill(segments int) {
	for range segments {
		var s [8]int64
		for i := range m.disks {
			s[i] = mib / int64(len(m.disks))
			m.in.Devices[i].Dirty += s[i]
		}
		m.full = append(m.full, s)
	}
}
