package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// random does one run and returns the violation it met, or nil.
func random(o Options, stats *Stats, k *kit, prepare func(*world)) error {
	v := guard(func() {
		w := newWorld(o, stats, k)
		if prepare != nil {
			prepare(w)
		}
		w.makeRequests()
		w.start(false)
		for g := range o.Generations {
			w.generation()
			stats.Generations++
			if g+1 < o.Generations {
				w.restart()
			}
		}
		w.free()
	})
	stats.Runs++
	if v != nil {
		k.renewPort()
		return v
	}
	return nil
}

// start brings the first host up and attaches all volumes, or what the seed says.
func (w *world) start(attachAll bool) {
	w.newPorts()
	w.sides.out.attached = nil
	if !w.boot(w, &w.sides.out) {
		fail("sim", "the power failed where it cannot")
	}
	for i := range w.Volumes {
		if i == 0 || attachAll || w.rng.IntN(4) > 0 {
			w.attach(w.vols[i], w.binding(i))
			w.o.side(uint8(i+1), true, w.onDisk(i))
		}
	}
	w.reset()
}

func (w *world) newPorts() {
	w.ports = w.ports[:0]
	for i := range w.Ports {
		w.ports = append(w.ports, logcache.NewPort(func() { w.woken[i] = true }))
	}
}

// reset prepares the bookkeeping for a new host.
func (w *world) reset() {
	w.idle = append(w.idle[:0], w.reqs...)
	for _, r := range w.reqs {
		r.busy = false
	}
	w.coming = w.coming[:0]
	for i := range w.Volumes {
		w.joining[i], w.leaving[i], w.giving[i], w.shut[i] = false, false, false, false
	}
	w.admin, w.batches, w.failed, w.stopped = nil, 0, 0, false
	if w.Pacer {
		w.pacing = newPacing(w.times)
	}
	if w.Company {
		w.changeWait()
	}
}

// generation works until the power is about to fail.
func (w *world) generation() {
	w.left = w.Requests
	w.eager = 5 + w.rng.IntN(90)
	if w.Faults {
		w.addFaults()
	}
	if w.Stalls {
		r := randomRule(w.slow, len(w.Volumes))
		r.what = stalled
		w.s.rules = append(w.s.rules, r)
	}
	last := 10 + w.rng.IntN(8*w.Requests+50)
	if w.Company {
		w.meet()
		w.left += guests
		last += 2 * guests
	}
	stopping := w.rng.IntN(8) == 0
	for n := 0; n < last || stopping; n++ {
		w.o.now++
		w.stats.Events++
		if w.broken() || w.stopped {
			return
		}
		if stopping && n >= last && len(w.admin) == 0 {
			w.left, w.admin = 0, w.stop()
		}
		if !w.event() && !(stopping && n < last) {
			return
		}
		if n > endless { // a segment that cannot be migrated holds up what waits for its slot
			if !w.s.faulty {
				fail("P9", "a clean stop has no end")
			}
			return
		}
		w.watchBatches()
		if w.rng.IntN(last) < w.Points {
			w.tryCuts()
		}
	}
}

// event lets one thing happen, and tells whether anything could.
func (w *world) event() bool {
	if w.lull.IntN(2) == 0 {
		w.ports[w.lull.IntN(len(w.ports))].Idle()
	}
	if w.Admin > 0 && len(w.admin) == 0 && w.rng.IntN(1000) < w.Admin && w.left > 0 {
		w.startAdmin()
		return true
	}
	if w.GiveUps && len(w.admin) == 0 && w.left > 0 && w.gone.IntN(150) == 0 {
		w.startGiveUp()
		return true
	}
	if w.Reopens && len(w.admin) == 0 && w.left > 0 && w.back.IntN(50) == 0 {
		w.startReopen()
		return true
	}
	if w.Rebinds && len(w.admin) == 0 && w.left > 0 && w.names.IntN(80) == 0 {
		w.startRebind()
		return true
	}
	if len(w.admin) > 0 && w.rng.IntN(4) == 0 && w.administer() {
		return true
	}
	if w.rng.IntN(100) < w.Migrate && w.step() {
		return true
	}
	if w.left > 0 && len(w.idle) > 0 && w.rng.IntN(100) < w.eager {
		w.submit()
		return true
	}
	if w.Stalls && w.slow.IntN(100) == 0 && w.s.goOn() {
		w.tracef("stalls end")
	}
	switch {
	case w.Pacer && w.times.IntN(4) == 0:
		w.passTime()
	case !w.Pacer && w.Paced && w.rates.IntN(8) == 0:
		w.changeRate()
	}
	if w.Slows && !w.Pacer && w.alms.IntN(8) == 0 {
		w.changeCredit()
	}
	if w.Ahead && w.heads.IntN(3) == 0 {
		w.readAhead(1 + w.heads.IntN(4))
	}
	if w.Company {
		w.clock += time.Duration(1+w.guest.IntN(8)) * time.Microsecond
		if w.guest.IntN(400) == 0 {
			w.changeWait()
		}
	}
	if w.Bypass && w.ways.IntN(8) == 0 {
		w.changeBypass()
	}
	if w.Sleeps && w.naps.IntN(32) == 0 {
		w.tracef("slept")
		w.cache.Suspect()
		w.pump()
	}
	if w.Hasty && w.haste.IntN(8) == 0 {
		w.s.actOne(w.haste.IntN)
	}
	if w.device() {
		return true
	}
	if w.left > 0 && len(w.idle) > 0 {
		w.submit()
		return true
	}
	return w.stuck()
}

// changeRate lets migration pause, go on for a few operations, or go on freely.
func (w *world) changeRate() {
	limit := []int64{0, 0, 1, 4096, 64 << 10, migrate.Unlimited}[w.rates.IntN(6)]
	w.tracef("limit %d", limit)
	w.mig.Limit(limit)
	w.mig.Depth(w.rates.IntN(3))
	w.pump()
}

// unpause lets a batch go on that only its limit holds back.
func (w *world) unpause() bool {
	if w.Pacer {
		return w.wait()
	}
	if !w.Paced || w.mig.Left() == migrate.Unlimited {
		return false
	}
	w.mig.Limit(migrate.Unlimited)
	w.pump()
	return len(w.s.flights) > 0
}

// device completes one operation or polls one port, if there is one.
func (w *world) device() bool {
	n := w.rng.IntN(len(w.s.flights) + len(w.woken))
	for range len(w.s.flights) + len(w.woken) {
		if n < len(w.s.flights) {
			if w.s.flights[n].fault != stalled {
				w.traceOp("done", w.s.flights[n].op)
				w.takeTime(w.s.flights[n].op)
				w.complete(n)
				return true
			}
		} else if i := n - len(w.s.flights); w.woken[i] {
			w.tracef("poll %d", i)
			w.poll(i)
			return true
		}
		n = (n + 1) % (len(w.s.flights) + len(w.woken))
	}
	return false
}

func (w *world) traceOp(what string, op *block.Op) {
	if w.trace != nil {
		w.tracef("%s %v dev %d [%d+%d]", what, op.Kind, op.Dev, op.Offset/sectorSize, op.Bytes()/sectorSize)
	}
}

// step starts a batch.
func (w *world) step() bool {
	ok := w.startBatch(1 + w.rng.IntN(4))
	w.pump()
	if ok {
		w.tracef("batch")
	}
	return ok
}

// startBatch starts one of up to most segments, or one that the pacer wants.
func (w *world) startBatch(most int) bool {
	if w.Pacer {
		return w.pace()
	}
	return w.mig.Step(most)
}

// readAhead has migration read for the batch after the one under way, if there
// is one.
func (w *world) readAhead(most int) {
	before := w.mig.Status().Ahead
	w.mig.ReadAhead(most)
	w.pump()
	if n := w.mig.Status().Ahead - before; n > 0 {
		w.tracef("%d segments ahead", n)
		w.stats.Ahead += int(n)
	}
}

// stuck is for when nothing is under way: there must be something that
// migration or the administrator can do, or nothing may be left to do.
func (w *world) stuck() bool {
	if len(w.idle) == len(w.reqs) && len(w.admin) == 0 {
		return false
	}
	if w.administer() {
		return true
	}
	w.mustKnow()
	if w.step() || w.unpause() || w.pay() || len(w.s.flights) > 0 {
		return true
	}
	if slices.Contains(w.woken, true) {
		return true
	}
	if !w.s.faulty {
		fail("P9", "%d requests wait for ever, the administrator has %d steps to go, %d of %d segments are full", len(w.reqs)-len(w.idle), len(w.admin), w.cache.Gauge().Closed, w.Slots)
	}
	return false
}

// mustKnow is for when nothing is under way: whoever decides whether migration
// goes on must be told that writes wait for it.
func (w *world) mustKnow() {
	if len(w.s.flights) > 0 || slices.Contains(w.woken, true) || !w.mig.Idle() {
		return
	}
	if g, n := w.cache.Gauge(), w.cache.Status().WaitingWrites; n > 0 && !g.Full && !g.Slowed {
		fail("P9", "%d writes wait for migration, and the gauge does not say so", n)
	}
}

// watchBatches looks at the backings whenever a batch has ended.
func (w *world) watchBatches() {
	s := w.mig.Status()
	if s.Failed > w.failed {
		w.failed = s.Failed
		w.o.loose = true
	}
	if s.Batches > w.batches {
		w.batches = s.Batches
		w.stats.Batches++
		w.tracef("batch done")
		w.o.batchDone(w.s)
	}
}

// tryCuts cuts the power now, on the side, in several ways.
func (w *world) tryCuts() {
	for range w.Cuts {
		w.s.cut(w.rng, w.image)
		w.stats.state(w.s, w.image)
		w.look()
	}
	w.sides.rot(w.image, w.look)
}

// look recovers the image on the side.
func (w *world) look() {
	w.stats.Cuts++
	w.sides.look(w.image)
}

// addFaults makes devices fail now and then in this generation.
func (w *world) addFaults() {
	for range 1 + w.rng.IntN(2) {
		w.s.rules = append(w.s.rules, randomRule(w.rng, len(w.Volumes)))
	}
}

func randomRule(r *rand.Rand, vols int) *rule {
	return &rule{
		what:  []fault{eio, eioLanded, eioPartly, eioFlush}[r.IntN(4)],
		dev:   r.IntN(vols+2) - 1,
		kinds: [][]block.Kind{nil, {block.Write}, {block.Flush}, {block.Read}}[r.IntN(4)],
		nth:   1 + r.IntN(60),
		count: 1 + r.IntN(6),
	}
}
