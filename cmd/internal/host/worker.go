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
	fds   [segment.MaxDevices + 1]atomic.Int32 // of the backings, by device id

	policy   atomic.Pointer[Policy]
	draining atomic.Int32 // how many wait for the log to be empty
	hungry   atomic.Bool  // progress of the cache is worth a wake-up
	woken    atomic.Bool
	quit     atomic.Bool
	status   atomic.Pointer[migrate.Status]
	done     chan struct{}

	ring  *uring.Ring
	exec  *blockdev.Executor
	ops   []*blockdev.Op
	after time.Time // no batch before
	err   error     // why the thread ended
}

func newWorker() (*worker, error) {
	event, err := uring.NewEvent()
	if err != nil {
		return nil, err
	}
	w := &worker{event: event, done: make(chan struct{})}
	w.policy.Store(&Policy{})
	w.status.Store(&migrate.Status{})
	return w, nil
}

// wake makes the thread look around. Any thread.
func (w *worker) wake() {
	if !w.woken.Swap(true) {
		w.event.Signal()
	}
}

// progress is the cache's event: wake up only for what is waited for.
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
	w.exec = blockdev.NewExecutor(w.entry, func(d blockdev.Dev) int { return int(w.fds[d].Load()) })
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
	if err := w.ring.SubmitAndWait(1, tick); err != nil {
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
	w.core.Background().Poll()
	w.migrate()
	w.pump()
	return nil
}

// migrate starts a batch if the policy has it so.
func (w *worker) migrate() {
	most := 0
	if w.migr.Idle() && !w.quit.Load() {
		if w.migr.LastError() != nil && w.after.IsZero() {
			w.after = time.Now().Add(pause)
		}
		if time.Now().After(w.after) {
			w.after = time.Time{}
			most = migrate.Decide(w.snapshot())
			if w.migr.Step(most) {
				most = 0
			}
		}
	}
	// Hungry: a batch was wanted, and the log had nothing ready for it.
	w.hungry.Store(most > 0)
	s := w.migr.Status()
	if s != *w.status.Load() {
		w.status.Store(&s)
	}
}

func (w *worker) snapshot() migrate.Snapshot {
	p := w.policy.Load()
	return migrate.Snapshot{
		Allow: p.AllowMigrate, Force: p.ForceMigrate, Batch: p.BatchSegments,
		Draining: w.draining.Load() > 0, Stuck: w.core.Stuck(), Fill: w.core.Fill(),
		Slots: int(w.core.Geometry().Slots),
	}
}

// pump starts operations until there are no more.
func (w *worker) pump() {
	for {
		w.ops = append(w.ops[:0], w.core.Background().Ops()...)
		w.ops = w.migr.Ops(w.ops)
		if len(w.ops) == 0 {
			return
		}
		for _, op := range w.ops {
			w.exec.Start(op)
		}
	}
}
