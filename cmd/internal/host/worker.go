package host

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
)

const (
	workerEntries = 512
	// tick is how often the worker looks again at what no event announces.
	tick = time.Second
	// pause is how long it leaves a log alone after a batch has failed.
	pause = time.Second

	eventData = 1 << 40 // user data of the armed event
)

// worker is the thread of one cache: its background port and its migration.
type worker struct {
	core  *logcache.Cache
	migr  *migrate.Migrator
	event *uring.Event
	fds   [segment.MaxDevices + 1]atomic.Int32 // of the backings, by device id; -1 = let go of

	policy   atomic.Pointer[Policy]
	members  atomic.Pointer[[]*Device] // attached; never changed, only replaced
	draining atomic.Int32              // how many wait for the log to be empty
	hungry   atomic.Bool               // progress of the cache is worth a wake-up
	ended    atomic.Uint64             // segments
	woken    atomic.Bool
	quit     atomic.Bool
	status   atomic.Pointer[migrate.Status]
	pace     atomic.Pointer[Pace]
	written  [segment.MaxDevices + 1]atomic.Uint64 // bytes given to the backings, by device id
	done     chan struct{}

	ring  *uring.Ring
	exec  *blockdev.Executor
	ops   []*blockdev.Op
	after time.Time     // no batch before
	wait  time.Duration // until the next look, if nothing happens before
	limit time.Time     // when the limit of migration was set last
	err   error         // why the thread ended

	sleeps     sleeps
	congestion *congestion
	pin        func(*uring.Ring) // the memory of the cache's RAM buffers
	decider
	meter
	throttle
	sharing
}

func newWorker() (*worker, error) {
	event, err := uring.NewEvent()
	if err != nil {
		return nil, err
	}
	w := &worker{event: event, sleeps: sleeps{clocks: readClocks}, done: make(chan struct{}), wait: tick}
	w.policy.Store(&Policy{Watermark: 1})
	w.members.Store(&[]*Device{})
	w.pace.Store(&Pace{})
	w.status.Store(&migrate.Status{})
	return w, nil
}

// wake makes the thread look around. Any thread.
func (w *worker) wake() {
	if !w.woken.Swap(true) {
		w.event.Signal()
	}
}

// looks is how often the thread looks around while the log fills up once.
const looks = 64

// closed is the cache's event: look around now and then, lest a flood finds the
// log full before anybody has seen it fill.
func (w *worker) closed() {
	if w.ended.Add(1)%(w.core.Geometry().Slots/looks+1) == 0 {
		w.wake()
	}
}

// progress is the cache's event: wake up for what is waited for.
func (w *worker) progress() {
	if w.hungry.Load() {
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
	w.exec = blockdev.NewExecutor(ring, w.entry, func(d blockdev.Dev) int { return int(w.fds[d].Load()) })
	w.pin(ring)
	w.arm()
	ready <- nil
	for !w.quit.Load() || w.exec.InFlight() > 0 || !w.migr.Idle() {
		if w.err = w.turn(); w.err != nil {
			break
		}
	}
	w.close()
}

func (w *worker) close() {
	for _, m := range *w.members.Load() {
		m.gate.release()
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

// turn takes in what happened, and starts what follows from it.
func (w *worker) turn() error {
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
	w.migrate()
	w.pump()
	return nil
}

// migrate lets migration go as the policy has it.
func (w *worker) migrate() {
	now := time.Now()
	w.congestion.tick(now)
	w.lanesDone(now, w.migr.Busy)
	w.wait = tick
	if w.migr.Idle() || now.Sub(w.asked) >= decideEvery {
		w.look(now)
	}
	if !w.quit.Load() {
		w.migr.Ahead(w.last.Segments)
	}
	if w.slowing() {
		w.wait = grantEvery
	}
	w.takeTurns(now)
	if left := w.migr.Left(); left <= 0 && !w.migr.Idle() && w.last.Rate > 0 {
		owed := time.Duration(float64(1-left) / float64(w.last.Rate) * float64(time.Second))
		w.wait = min(w.wait, max(owed, decideEvery), tick)
	}
	if s := w.migr.Status(); s != *w.status.Load() {
		w.status.Store(&s)
	}
}

// look asks the policy and does what it says.
func (w *worker) look(now time.Time) {
	g := w.core.Gauge()
	geo := w.core.Geometry()
	if w.migr.Idle() && !w.begun.IsZero() {
		w.end(now, g.LastMigrated, geo.SegmentSize, geo.Slots)
	}
	d := w.decide(now, g)
	w.pacing(now, d)
	most := 0
	if w.migr.Idle() && !w.quit.Load() && w.rested(now) {
		most = d.Segments
		if d.Close {
			w.core.CloseCurrent()
		}
		if w.migr.Step(most) {
			w.begin(now, g.LastMigrated)
			most = 0
		}
	}
	// Hungry: a batch was wanted, and the log had nothing ready for it.
	w.hungry.Store(most > 0)
	w.admit(now, d, &g)
}

// rested tells whether a batch may start again after the last one has failed.
func (w *worker) rested(now time.Time) bool {
	if w.migr.LastError() != nil && w.after.IsZero() {
		w.after = now.Add(pause)
	}
	if now.Before(w.after) {
		return false
	}
	w.after = time.Time{}
	return true
}

// credits bounds how much a limited migration may save up: a twentieth of a
// second, or one large write.
const credits = 20

// pacing puts the rate of a decision in force, for the batch under way too.
func (w *worker) pacing(now time.Time, d migrate.Decision) {
	elapsed := min(now.Sub(w.limit), tick)
	w.limit = now
	w.migr.Depth(d.Depth)
	if d.Depth > 0 && !d.Turns {
		w.slowed = true // it tells nothing of what the backings can do
	}
	switch {
	case w.quit.Load() || d.Segments > 0 && d.Rate == 0:
		w.migr.Limit(migrate.Unlimited)
		return
	case d.Segments == 0:
		w.migr.Limit(0)
	default:
		left := w.migr.Left()
		if left == migrate.Unlimited {
			left = 0
		}
		left += int64(float64(d.Rate) * elapsed.Seconds())
		w.migr.Limit(min(left, max(1, d.Rate/credits)))
	}
	w.slowed = true
}

// letGo has the thread do no more on the backing of a device that was released,
// and tells whether nothing is under way there. Its descriptor may be closed then:
// the number that another disk gets is not used.
func (w *worker) letGo(dev blockdev.Dev) bool {
	w.migr.Abandon(dev)
	if w.migr.Busy(dev) {
		return false
	}
	w.fds[dev].Store(-1)
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
			if i >= own && op.Kind == blockdev.Write {
				w.wrote(time.Now(), op)
				w.written[op.Dev].Add(uint64(len(op.Buf)))
			}
			w.exec.Start(op)
		}
	}
}
