package pace

import (
	"math"
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
)

const (
	// tick is how often a Step is due when nothing happens.
	tick = time.Second
	// decideEvery bounds how often the rules are asked while a batch is under way.
	decideEvery = 5 * time.Millisecond
	// controlEvery is how often the rate controller is fed.
	controlEvery = time.Second
	// restAfterFailure is how long a log is left alone after a batch has failed.
	restAfterFailure = time.Second
	// savedRate bounds how much a limited migration may save up: a twentieth of a
	// second, or one large write.
	savedRate = 20

	// longAgo is the time of what has not happened yet.
	longAgo = time.Duration(math.MinInt64 / 2)
)

// Pacer paces the migration and the writers of one cache. Its methods belong to
// one thread; now is the time since any moment, and never goes back.
type Pacer struct {
	last     Decision
	seen     Snapshot      // what that was decided from
	decided  time.Duration // when
	batch    int           // segments of the batch that was under way then
	migrated uint64        // the last migrated segment then

	ages       ages
	controller controller
	fed        time.Duration // when the controller was, last
	limited    time.Duration // when the limit was set, last
	resting    bool          // after a batch that has failed
	restUntil  time.Duration

	meter      meter
	sharing    sharing
	throttle   throttle
	congestion congestion
}

// New makes a pacer that has seen nothing yet.
func New() *Pacer {
	p := &Pacer{decided: longAgo, fed: longAgo, limited: longAgo}
	p.ages.marks = make([]mark, 0, maxMarks)
	p.throttle.granted, p.throttle.flooded = longAgo, longAgo
	p.throttle.demands = make([]demand, 0, segment.MaxDevices)
	p.throttle.credits = make([]Credit, 0, segment.MaxDevices)
	p.congestion.ticked = longAgo
	p.sharing.init()
	return p
}

// Due tells whether a Step would ask the rules, for which it looks at [Inputs.Log].
// idle is whether no batch is under way.
func (p *Pacer) Due(now time.Duration, idle bool) bool {
	return idle || now-p.decided >= decideEvery
}

// Step takes in how things are, and says what is to be done.
func (p *Pacer) Step(now time.Duration, in *Inputs) Orders {
	o := Orders{Limit: in.Batch.Left, Next: tick}
	o.Forget = p.congestion.look(now, in)
	o.Cutoff = p.congestion.cutoff
	p.meter.look(now, in.Devices)
	p.throttle.note(in.Devices)
	idle := in.Batch.Segments == 0
	if p.Due(now, idle) {
		p.decide(now, in)
		o.Limit = p.limit(now, in)
		if idle && !in.Ending && p.rested(now, in.Batch.Failed) {
			o.Batch, o.Close = p.last.Segments, p.last.Close
		}
		if now-p.throttle.granted >= grantEvery {
			o.Credit = p.grant(now, in)
		}
	}
	o.Depth, o.Why = p.last.Depth, p.last.Reason
	p.next(now, in, &o)
	return o
}

// next says when to look again, and until then who is left alone.
func (p *Pacer) next(now time.Duration, in *Inputs, o *Orders) {
	if !in.Ending {
		o.Ahead = p.last.Segments
	}
	if p.throttle.slows() {
		o.Next = grantEvery
	}
	idle := in.Batch.Segments == 0 && (o.Batch == 0 || in.Log.Closed == 0)
	if idle {
		return
	}
	if p.last.Slices && !in.Ending {
		hold, next := p.sharing.takeSlices(now, in)
		o.Hold, o.Next = hold, min(o.Next, next)
	}
	if o.Limit <= 0 && p.last.Rate > 0 {
		debt := time.Duration(float64(1-o.Limit) / float64(p.last.Rate) * float64(time.Second))
		o.Next = min(o.Next, max(debt, decideEvery))
	}
}

// Began takes note that a batch has started, as the last Step has ordered.
func (p *Pacer) Began(now time.Duration) { p.meter.begin(now, p.migrated) }

// Wrote takes note of a write of migration that starts: n bytes to a backing.
func (p *Pacer) Wrote(now time.Duration, dev uint8, n int) { p.meter.wrote(now, dev, n) }

// State is what was last decided, and from what.
type State struct {
	Decision Decision
	Snapshot Snapshot
	Admit    int64 // bytes/s that writers get; 0 = as much as they want
	Batch    int   // segments of the batch under way
}

// Words say why migration goes on or does not.
func (s *State) Words() string { return s.Decision.Words(&s.Snapshot) }

// State is what was last decided, and from what.
func (p *Pacer) State() State {
	return State{Decision: p.last, Snapshot: p.seen, Admit: p.throttle.rate, Batch: p.batch}
}

// decide asks the rules.
func (p *Pacer) decide(now time.Duration, in *Inputs) {
	log, set := &in.Log, in.Settings
	if p.meter.batch && in.Batch.Segments == 0 {
		p.meter.end(now, log)
	}
	p.batch, p.migrated = in.Batch.Segments, log.LastMigrated
	p.ages.note(now, log.Newest, log.LastMigrated)
	p.seen = Snapshot{
		Knobs: set.Knobs, Measured: set.Measured, Loads: set.Loads,
		Draining: in.Draining, Stuck: log.Stuck, Slowed: p.throttle.backlogged, Shared: p.sharing.shared(now, in.Devices),
		Slots: log.Slots, Closed: log.Closed, Segment: log.Segment,
		Fill: log.fill(), Dirty: float64(log.Dirty) / float64(log.bytes()),
		Age:  p.ages.oldest(now, log.Newest, log.LastMigrated),
		Last: p.last.Reason, Sustained: p.meter.sustained,
	}
	p.seen.Auto = p.control(now, in)
	p.last, p.decided = decide(&p.seen), now
}

// control feeds the rate controller once in a while.
func (p *Pacer) control(now time.Duration, in *Inputs) int64 {
	if elapsed := now - p.fed; elapsed >= controlEvery {
		target := int64(in.Settings.Percent) * in.Log.bytes() / 100
		p.controller.update(in.Log.Dirty, target, min(elapsed, 2*controlEvery), in.Settings.RateMinimum, p.meter.sustained)
		p.fed = now
	}
	return p.controller.rate
}

// limit puts the rate of the decision in force, for the batch under way too.
// A batch that was held back tells nothing of what the backings can do.
func (p *Pacer) limit(now time.Duration, in *Inputs) int64 {
	elapsed := min(now-p.limited, tick)
	p.limited = now
	d := &p.last
	if d.Depth > 0 && !d.Slices {
		p.meter.slowed = true
	}
	if in.Ending || d.Segments > 0 && d.Rate == 0 {
		return Unlimited
	}
	p.meter.slowed = true
	if d.Segments == 0 {
		return 0
	}
	left := in.Batch.Left
	if left == Unlimited {
		left = 0
	}
	left += int64(float64(d.Rate) * elapsed.Seconds())
	return min(left, max(1, d.Rate/savedRate))
}

// rested tells whether a batch may start again after the last one has failed.
func (p *Pacer) rested(now time.Duration, failed bool) bool {
	if failed && !p.resting {
		p.resting, p.restUntil = true, now+restAfterFailure
	}
	if p.resting && now < p.restUntil {
		return false
	}
	p.resting = false
	return true
}

// grant slows the writers that are to be slowed.
func (p *Pacer) grant(now time.Duration, in *Inputs) []Credit {
	t := &p.throttle
	t.demands = t.demands[:0]
	for i := range in.Devices {
		d := &in.Devices[i]
		t.demands = append(t.demands, demand{sustained: p.meter.speed(now, d), backlogged: t.came.Has(d.ID), dirty: d.Dirty})
	}
	t.came = DeviceSet{}
	return p.throttle.grant(now, in, p.last.Segments > 0, p.forecast(now, in))
}

// forecast is how long it takes until more of the log becomes free: the rest of
// the batch under way, or the whole next one.
func (p *Pacer) forecast(now time.Duration, in *Inputs) forecast {
	if p.last.Segments == 0 {
		return forecast{time.Hour, defaultRate} // nobody knows
	}
	if n := int64(in.Batch.Segments) * in.Log.Segment; n > 0 {
		all := max(p.meter.willTake(now, n, in.Devices), time.Millisecond)
		return forecast{all - (now - p.meter.begun), int64(float64(n) / all.Seconds())}
	}
	n := int64(min(p.last.Segments, in.Log.Closed, in.Batch.Most))
	return forecast{p.meter.takes(n * in.Log.Segment), p.meter.rate()}
}
