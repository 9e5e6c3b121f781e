package pace

import "time"

const (
	// minRate is the least that writers get, in bytes/s. It fills the log in the
	// end, so that what then waits does so in the cache, where it can be seen.
	minRate = 256 << 10
	// leastRate is the least that a device gets whose writes wait, in bytes/s.
	// One with a backing that was not measured yet, or that nothing is migrated
	// to, would wait for ever, and a slow one beside a fast one too: its part
	// of each grant is less than a byte.
	leastRate = 16 << 10
	// minSpread and maxSpread bound the time over which free room is handed out:
	// an estimate that has run out, or has no end, must not stop or free writers.
	minSpread = time.Second / 2
	maxSpread = time.Minute
	// grantEvery is how often slowed writers get credit.
	grantEvery = 10 * time.Millisecond
	// burst is what a device may always write at once, in bytes: one that writes a
	// little now and then does not feel that others are slowed.
	burst = 64 << 10
	// saved bounds the credit that a device may save up, in grants.
	saved = 4
	// minFill is the share of the watermark up to which the log has room for
	// everybody, whoever takes it.
	minFill = 0.25
	// floodHold is how long a flood counts as one after the log was above its
	// watermark: it comes and goes with every batch, and a slow device must not use
	// the moments in which there is room to fill the log again.
	floodHold = 10 * time.Second
)

// throttle slows writers: all of them while the log is above its watermark, and
// at any time a device that has more than its quota of the log.
type throttle struct {
	all        bool          // all writers are slowed
	flooded    time.Duration // when they were, last
	some       bool          // a device is, for it is over its quota
	backlogged bool          // writers that are slowed want more than they get
	came       DeviceSet     // who was backlogged since the last grant
	granted    time.Duration // when credit was handed out, last
	rate       int64         // bytes/s for all; 0 = no limit
	demands    []demand      // of the devices
	credits    []Credit      // the same, for the caller
}

// slows tells whether there is credit to be handed out.
func (t *throttle) slows() bool { return t.all || t.some }

// note takes in whose writes wait for credit, or did.
func (t *throttle) note(devices []Device) {
	for i := range devices {
		if devices[i].Backlogged {
			t.came.Add(devices[i].ID)
		}
	}
}

// forecast is when more of the log becomes free, and how much a second that makes.
type forecast struct {
	in   time.Duration
	rate int64
}

// grant hands out to the devices what the log has room for. draining is
// whether migration goes on: while it does not, slowing writers on the way down
// from the watermark would gain nothing.
func (t *throttle) grant(now time.Duration, in *Inputs, draining bool, next forecast) []Credit {
	elapsed := min(now-t.granted, 10*grantEvery)
	t.granted = now
	log, mark := &in.Log, in.Settings.Watermark
	t.all = throttled(t.all && draining, log.fill(), mark)
	if t.all {
		t.flooded = now
	}
	flood := now-t.flooded < floodHold
	over := overQuota(int64(mark*float64(log.bytes())), elapsed, flood, t.demands)
	t.some = over && mark < 1 && (log.fill() >= mark*minFill || flood)
	t.rate = 0
	if t.all {
		t.rate = admitRate(log.free(), next)
		divide(int64(float64(t.rate)*elapsed.Seconds()), int64(leastRate*elapsed.Seconds()), t.demands)
	}
	t.backlogged, t.credits = false, t.credits[:0]
	for i := range t.demands {
		d := &t.demands[i]
		if !t.all && (!t.some || !d.over) {
			t.credits = append(t.credits, Credit{})
			continue
		}
		t.backlogged = t.backlogged || d.backlogged
		t.credits = append(t.credits, Credit{Slowed: true, Bytes: d.grant, First: burst, Most: max(burst, saved*d.grant)})
	}
	return t.credits
}

// throttled tells whether writers are to be slowed: from a watermark of the
// log's fill on, until it has fallen to half of that. In between, a flood goes
// on at one rate instead of going from full speed to nothing and back.
func throttled(before bool, fill, watermark float64) bool {
	if watermark >= 1 {
		return false
	}
	return fill >= watermark || before && fill > watermark/2
}

// admitRate is the rate, in bytes/s, at which writers may take the free room of
// the log until more becomes free: all of it until then, and no more. In the long
// run that is what the backings sustain. Room that is left over is not thrown at
// them in a moment: it is used up at twice that.
func admitRate(free int64, next forecast) int64 {
	spread := min(max(next.in, minSpread), maxSpread)
	rate := int64(float64(free) / spread.Seconds())
	return max(minRate, min(rate, 2*next.rate))
}

// demand is what one device wants of the log, and gets.
type demand struct {
	sustained  int64 // by its backing, in bytes/s; 0 = not known
	backlogged bool  // it has writes that wait, or had since the last grant
	dirty      int64 // bytes of it in the log
	grant      int64 // bytes
	over       bool  // it is over its quota, and held to its grant

	weight float64 // its part of what there is to divide
}

// divide divides a budget of bytes among the devices that want some, by their
// weights: a slow one must not fill the log for the others. One that is over
// its quota gets no more than [overQuota] has granted it, and nobody who wants
// some gets less than the least.
func divide(budget, least int64, demands []demand) {
	weigh(demands)
	total := 0.
	for i := range demands {
		if demands[i].backlogged {
			total += demands[i].weight
		}
	}
	for i := range demands {
		d := &demands[i]
		share := int64(0)
		if d.backlogged {
			share = int64(float64(budget) * d.weight / total)
		}
		if d.over {
			share = min(share, d.grant)
		}
		if d.backlogged {
			share = max(share, least)
		}
		d.grant = share
	}
}

// overQuota tells which devices have more than their quota of the room in a log,
// and grants those half of what their backings sustain in a while, so that what
// they have becomes less; one that is alone never has too much. Quotas are such
// that all would migrate in the same time: the log is one queue, and data of a slow
// backing holds up all that comes after it. In a flood, one that is much slower
// than the fastest is held to what its backing sustains all the time: its quota
// is so small that it would be over it before anybody looked.
func overQuota(room int64, elapsed time.Duration, flood bool, demands []demand) (any bool) {
	fastest := weigh(demands)
	total, sharing := 0., 0
	for i := range demands {
		if demands[i].dirty > 0 {
			total += demands[i].weight
			sharing++
		}
	}
	for i := range demands {
		d := &demands[i]
		beyond := float64(d.dirty) > float64(room)*d.weight/total
		d.over = sharing > 1 && (beyond || flood && 2*d.sustained < fastest)
		d.grant = int64(float64(d.sustained) * elapsed.Seconds())
		if beyond {
			d.grant /= 2
		}
		d.grant = max(d.grant, int64(leastRate*elapsed.Seconds()))
		any = any || d.over
	}
	return any
}

// weigh gives devices that were not measured yet the average of those that were,
// and sets the weights of all. One that is slower than the fastest weighs less
// than it sustains, down to half: the fewer its blocks are, the farther its arm
// goes for each, and a batch in which it is last makes all the others wait.
func weigh(demands []demand) (fastest int64) {
	var known, sum int64
	for _, d := range demands {
		if d.sustained > 0 {
			known++
			sum += d.sustained
		}
		fastest = max(fastest, d.sustained)
	}
	average := int64(1)
	if known > 0 {
		average = max(1, sum/known)
	}
	for i := range demands {
		d := &demands[i]
		if d.sustained <= 0 {
			d.sustained = average
		}
		d.weight = float64(d.sustained) * (1 + float64(d.sustained)/float64(max(fastest, average))) / 2
	}
	return fastest
}
