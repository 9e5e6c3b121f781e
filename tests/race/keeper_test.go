package race

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
)

// keeper is a cache's own thread: its background port and its migration.
type keeper struct {
	core *logcache.Cache
	migr *migrate.Migrator
	wake chan struct{}
	pending
	drain atomic.Bool // empty the log
	quit  chan struct{}
	done  chan struct{}
	err   error
}

func newKeeper(d *disks, seed uint64) *keeper {
	k := &keeper{wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	k.pending = pending{disks: d, rng: rand.New(rand.NewPCG(seed, 1))}
	return k
}

// start runs the thread for a cache that was made with the keeper's wake.
func (k *keeper) start(core *logcache.Cache) {
	k.core, k.migr = core, migrate.New(core)
	go k.run()
}

// kill ends the thread wherever it is: operations under way are not waited for,
// and nothing is told to the superblock.
func (k *keeper) kill() error {
	close(k.quit)
	<-k.done
	return k.err
}

const lookEvery = 100 * time.Microsecond

func (k *keeper) run() {
	defer close(k.done)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-k.quit:
			k.err = k.migr.Close()
			return
		case <-k.wake:
		case <-tick.C:
		}
		k.core.Background().Poll()
		k.migrate()
		k.pump()
	}
}

// migrate does what a policy might decide, at random.
func (k *keeper) migrate() {
	drain, full := k.drain.Load(), k.core.Gauge().Full
	if drain && k.migr.Idle() || k.rng.IntN(200) == 0 {
		k.core.CloseCurrent()
	}
	if k.rng.IntN(300) == 0 {
		k.core.FlushCurrent()
	}
	if drain || full || k.rng.IntN(8) == 0 {
		k.migr.Step(1 + k.rng.IntN(4))
	}
	if k.rng.IntN(3) == 0 {
		k.migr.ReadAhead(1 + k.rng.IntN(3))
	}
}

// pump completes some operations, and stops anywhere.
func (k *keeper) pump() {
	k.take(k.core.Background().Ops())
	k.take(k.migr.Ops(nil))
	for n := k.rng.IntN(16); n >= 0 && len(k.ops) > 0; n-- {
		op := k.next()
		op.Sink.Done(op, nil)
		k.take(k.core.Background().Ops())
		k.take(k.migr.Ops(nil))
	}
	k.core.Background().Answers() // it has no requests of its own
}
