package host

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/migrate/pace"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
)

const (
	workerEntries = 512
	// tick is how often the worker looks again at what no event announces.
	tick = time.Second
	// wakesPerLap is how often it looks around, at least, while the log fills
	// up once.
	wakesPerLap = 64

	eventData = 1 << 40 // user data of the armed event

	noFD = -1 // the descriptor of a backing that was let go of
)

// worker is the thread of one cache: its background port and its migration.
type worker struct {
	core  *logcache.Cache
	migr  *migrate.Migrator
	event *uring.Event
	fds   [segment.MaxDevices + 1]atomic.Int32 // of the backings, by device id, or noFD

	settings      atomic.Pointer[pace.Settings]
	members       atomic.Pointer[[]*Device] // attached; never changed, only replaced
	draining      atomic.Int32              // how many wait for the log to be empty
	wantsSegments atomic.Bool               // progress of the cache is worth a wake-up
	closed        atomic.Uint64             // segments
	woken         atomic.Bool
	quit          atomic.Bool
	status        atomic.Pointer[migrate.Status]
	paced         atomic.Pointer[pace.State]
	written       [segment.MaxDevices + 1]atomic.Uint64 // bytes given to the backings, by device id
	done          chan struct{}

	ring *uring.Ring
	exec *blockdev.Executor
	ops  []*block.Op
	wait time.Duration // until the next iteration, if nothing happens before
	err  error         // why the thread ended

	began     time.Time // of the clock of the pacer and of the cache
	pacer     *pace.Pacer
	inputs    pace.Inputs // of its last step
	observed  []*Device   // whom inputs.Devices are of
	published time.Duration

	sleeps   sleeps
	latency  *latency
	register func(*uring.Ring) // the memory of the cache's RAM buffers
}

func newWorker() (*worker, error) {
	event, err := uring.NewEvent()
	if err != nil {
		return nil, err
	}
	w := &worker{event: event, sleeps: sleeps{clocks: readClocks}, done: make(chan struct{}), wait: tick, began: time.Now(), pacer: pace.New()}
	w.settings.Store(&pace.Settings{Watermark: 1})
	w.members.Store(&[]*Device{})
	w.paced.Store(&pace.State{})
	w.status.Store(&migrate.Status{})
	return w, nil
}

// wake makes the thread look around. Any thread.
func (w *worker) wake() {
	if !w.woken.Swap(true) {
		w.event.Signal()
	}
}

// onSegmentClosed is the cache's event: look around now and then, lest a flood
// finds the log full before anybody has seen it fill.
func (w *worker) onSegmentClosed() {
	if w.closed.Add(1)%(w.core.Geometry().Slots/wakesPerLap+1) == 0 {
		w.wake()
	}
}

// onProgress is the cache's event: wake up for what is waited for.
func (w *worker) onProgress() {
	if w.wantsSegments.Load() {
		w.wake()
	}
}

// start runs the thread; it reports when it is ready.
func (w *worker) start(core *logcache.Cache) error {
	w.core, w.migr = core, migrate.New(core)
	ready := make(chan error)
	go w.run(ready)
	return <-ready
}

// stop ends the thread when nothing of it is under way.
func (w *worker) stop() error {
	w.quit.Store(true)
	w.wake()
	<-w.done
	return w.err
}

// run is the thread. The ring belongs to it alone, so it is made and closed here.
func (w *worker) run(ready chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with its ring
	defer close(w.done)
	ring, err := uring.New(uring.Config{Entries: workerEntries})
	if err != nil {
		ready <- err
		return
	}
	w.ring = ring
	w.exec = blockdev.NewExecutor(ring, w.entry, func(d block.Dev) int { return int(w.fds[d].Load()) })
	w.register(ring)
	w.arm()
	ready <- nil
	for !w.quit.Load() || w.exec.InFlight() > 0 || !w.migr.Idle() {
		if w.err = w.iterate(); w.err != nil {
			break
		}
	}
	w.close()
}

func (w *worker) close() {
	for _, m := range *w.members.Load() {
		m.vol.Unlimit() // nobody hands out credit any more
	}
	for _, err := range []error{w.ring.Close(), w.event.Close(), w.migr.Close()} {
		if w.err == nil && err != nil {
			w.err = err
		}
	}
}

func (w *worker) entry() *uring.SQE {
	for {
		if sqe := w.ring.GetSQE(); sqe != nil {
			return sqe
		}
		if err := w.ring.Submit(); err != nil && w.ring.SubmitAndWait(1, time.Millisecond) != nil {
			runtime.Gosched()
		}
	}
}

func (w *worker) arm() {
	sqe := w.entry()
	w.event.Arm(sqe)
	sqe.SetUserData(eventData)
}

// iterate takes in what happened, and starts what follows from it.
func (w *worker) iterate() error {
	if err := w.ring.SubmitAndWait(1, w.wait); err != nil {
		return fmt.Errorf("cache thread: %w", err)
	}
	for cqe, ok := w.ring.Peek(); ok; cqe, ok = w.ring.Peek() {
		w.ring.Seen()
		if cqe.UserData == eventData {
			w.woken.Store(false)
			w.arm()
			continue
		}
		w.exec.Completed(cqe.UserData, cqe.Res)
	}
	if w.sleeps.slept(time.Now()) {
		w.core.Suspect()
	}
	w.core.Background().Poll()
	now := w.now()
	w.observe(now)
	w.apply(now, w.pacer.Step(now, &w.inputs))
	w.pump()
	return nil
}

// switchFD has the thread go on with another descriptor of a device's backing,
// or, with noFD, do no more there. It returns false while something is under
// way on the old one, which may be closed after that: the number that another
// disk gets is not used.
func (w *worker) switchFD(dev block.Dev, fd int32) bool {
	w.migr.Abandon(dev)
	if w.migr.Busy(dev) {
		return false
	}
	w.fds[dev].Store(fd)
	return true
}

// pump starts operations until there are no more.
func (w *worker) pump() {
	for {
		w.ops = append(w.ops[:0], w.core.Background().Ops()...)
		own := len(w.ops)
		w.ops = w.migr.Ops(w.ops)
		if len(w.ops) == 0 {
			return
		}
		for i, op := range w.ops {
			if i >= own && op.Kind == block.Write {
				w.pacer.Wrote(w.now(), uint8(op.Dev), len(op.Buf))
				w.written[op.Dev].Add(uint64(len(op.Buf)))
			}
			w.exec.Start(op)
		}
	}
}
