package race

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

const (
	threads = 4
	depth   = 12 // requests of a thread under way
)

// job is a request with what must come of it.
type job struct {
	logcache.Request
	busy   bool
	volume int // 0 = the first
	shared bool
	stamp  uint64   // of a write
	low    uint64   // of a shared write; see volumeModel.raise
	floors []uint64 // of a shared read: at its start
}

// thread is a queue's.
type thread struct {
	t    *testing.T
	s    *server
	id   int
	port *logcache.Port
	wake chan struct{}
	pending
	jobs   [depth]job
	memory []byte
	busy   int
	n      int // requests answered
}

func newThread(t *testing.T, s *server, id int) *thread {
	memory, err := mem.Alloc(depth * int(s.largest) * segment.SectorSize)
	if err != nil {
		t.Fatal(err)
	}
	h := &thread{t: t, s: s, id: id, memory: memory, wake: make(chan struct{}, 1)}
	h.pending = pending{disks: s.disks, rng: rand.New(rand.NewPCG(uint64(id), s.clock.last.Load()))}
	h.port = logcache.NewPort(poke(h.wake))
	s.clock.oldest[id].Store(idle)
	return h
}

// poke makes the function that wakes a thread.
func poke(wake chan struct{}) func() {
	return func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// run serves requests until stop is set and all are answered.
func (h *thread) run(stop *atomic.Bool) {
	for !stop.Load() || h.busy > 0 || len(h.ops) > 0 {
		if !stop.Load() && !h.t.Failed() && h.rng.IntN(3) > 0 {
			h.submit()
		}
		if h.rng.IntN(4) == 0 && h.port.HasIdleWork() {
			h.port.Idle()
		}
		h.turn(stop.Load() || h.busy == depth)
	}
}

// turn completes an operation, or waits for what other threads have to say if
// there is none and nothing else to do.
func (h *thread) turn(wait bool) {
	h.collect()
	switch {
	case len(h.ops) > 0:
		h.port.Done(h.next(), nil)
	case wait && h.busy > 0:
		<-h.wake
		h.port.Poll()
	default:
		select {
		case <-h.wake:
			h.port.Poll()
		default:
		}
	}
	h.collect()
}

func (h *thread) collect() {
	h.take(h.port.Ops())
	for _, r := range h.port.Answers() {
		h.answered(&h.jobs[r.Tag])
	}
}

// submit makes a request, unless there is no room or it would meet another one
// of the sectors that are this thread's own.
func (h *thread) submit() {
	for i := range h.jobs {
		j := &h.jobs[i]
		if j.busy {
			continue
		}
		h.choose(j, i)
		if j.shared || !h.meets(j) {
			h.start(j)
		}
		return
	}
}

// choose decides what a request is.
func (h *thread) choose(j *job, tag int) {
	volume := h.rng.IntN(len(h.s.models))
	m := h.s.models[volume]
	from, to := m.own(h.id)
	shared := m.shared > 0 && h.rng.IntN(2) == 0
	if shared {
		from, to = 0, m.shared
	}
	unit := uint64(h.s.unit)
	most := min(h.s.largest, (to-from)/unit*unit)
	n := (1 + h.rng.Uint64N(most)) / unit * unit
	if n == 0 || h.rng.IntN(3) == 0 {
		n = min(most, 8)
	}
	lba := from + h.rng.Uint64N((to-from-n)/unit+1)*unit
	*j = job{volume: volume, shared: shared, floors: j.floors[:0], Request: logcache.Request{Volume: h.s.volumes[volume], LBA: lba, Sectors: uint32(n), Tag: uint32(tag)}}
	j.Buf = h.memory[tag*int(h.s.largest)*segment.SectorSize:][:n*segment.SectorSize]
	h.chooseOp(j)
}

func (h *thread) chooseOp(j *job) {
	switch k := h.rng.IntN(20); {
	case k < 2:
		j.Op, j.LBA, j.Sectors, j.Buf, j.shared = logcache.Flush, 0, 0, nil, false
	case k < 8:
		j.Op = logcache.Read
	case k < 10 && !j.shared: // zeroes carry no stamp
		j.Op, j.Buf = logcache.Discard, nil
		if k == 9 {
			j.Op = logcache.Zero
		}
	default:
		j.Op, j.FUA = logcache.Write, h.rng.IntN(4) == 0
	}
}

// meets tells whether a request of ours that is under way has a sector in common.
func (h *thread) meets(j *job) bool {
	for i := range h.jobs {
		o := &h.jobs[i]
		if o.busy && o.volume == j.volume && o.LBA < j.LBA+uint64(j.Sectors) && j.LBA < o.LBA+uint64(o.Sectors) {
			return true
		}
	}
	return false
}

// start fills the buffer and submits.
func (h *thread) start(j *job) {
	j.busy = true
	h.busy++
	switch {
	case j.Op == logcache.Write:
		h.stamp(j)
		for i := range uint64(j.Sectors) {
			paint(j.Buf[i*segment.SectorSize:][:segment.SectorSize], j.stamp, j.volume, j.LBA+i)
		}
	case j.Op == logcache.Read:
		for b := j.Buf; len(b) > 0; {
			b = b[copy(b, noise):] // what is not filled is found
		}
		for i := range uint64(j.Sectors) {
			if j.shared {
				j.floors = append(j.floors, h.s.models[j.volume].floor[j.LBA+i].Load())
			}
		}
	}
	h.port.Submit(&j.Request)
}

// stamp gives a write its stamp. Its bound is told before it is taken.
func (h *thread) stamp(j *job) {
	c := &h.s.clock
	if j.shared {
		oldest := &c.oldest[h.id]
		oldest.Store(min(oldest.Load(), c.last.Load()+1))
		j.low = c.low()
	}
	j.stamp = c.stamp()
}

// answered compares what came with what must come.
func (h *thread) answered(j *job) {
	j.busy = false
	h.busy--
	h.n++
	if j.Err != nil {
		h.t.Errorf("thread %d: operation %d on volume %d, %d sectors at %d: %v", h.id, j.Op, j.volume, j.Sectors, j.LBA, j.Err)
		return
	}
	switch {
	case j.Op == logcache.Read:
		h.compare(j)
	case j.Op == logcache.Flush:
	case j.shared:
		h.s.models[j.volume].raise(j.LBA, uint64(j.Sectors), j.low)
		h.forget()
	default:
		own := h.s.models[j.volume].stamps[j.LBA:][:j.Sectors]
		for i := range own {
			own[i] = j.stamp
		}
	}
}

// forget tells everybody the new bound of the shared writes under way.
func (h *thread) forget() {
	oldest := uint64(idle)
	for i := range h.jobs {
		if j := &h.jobs[i]; j.busy && j.shared && j.Op == logcache.Write {
			oldest = min(oldest, j.stamp)
		}
	}
	h.s.clock.oldest[h.id].Store(oldest)
}

// compare checks what was read. Of a shared sector, the stamp must be of a write
// that was not replaced before the read began.
func (h *thread) compare(j *job) {
	m, newest := h.s.models[j.volume], h.s.clock.last.Load()
	for i := range uint64(j.Sectors) {
		got, err := identify(j.Buf[i*segment.SectorSize:][:segment.SectorSize], j.volume, j.LBA+i)
		low, high := uint64(0), uint64(0)
		if j.shared {
			low, high = j.floors[i], newest
		} else {
			low = m.stamps[j.LBA+i]
			high = low
		}
		if err == nil && low <= got && got <= high {
			continue
		}
		h.t.Errorf("thread %d: %d sectors of volume %d at %d: sector %d has stamp %d, expected %d to %d: %v", h.id, j.Sectors, j.volume, j.LBA, j.LBA+i, got, low, high, err)
		return
	}
}
