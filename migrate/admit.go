package migrate

import "time"

const (
	// minAdmit is the least that writers get, in bytes/s. It fills the log in the
	// end, so that what then waits does so in the cache, where it can be seen.
	minAdmit = 256 << 10
	// minSpread and maxSpread bound the time over which free room is handed out:
	// an estimate that has run out, or has no end, must not stop or free writers.
	minSpread = time.Second / 2
	maxSpread = time.Minute
)

// Throttle tells whether writers are to be slowed: from a watermark of the
// log's fill on, until it has fallen to half of that. In between, a flood goes
// on at one rate instead of going from full speed to nothing and back.
func Throttle(slowed bool, fill, watermark float64) bool {
	if watermark >= 1 {
		return false
	}
	return fill >= watermark || slowed && fill > watermark/2
}

// Admit is the rate, in bytes/s, at which writers may take the free room of the
// log, when more becomes free after a time: all of it until then, and no more.
// In the long run that is what the backings sustain. Room that is left over
// is not thrown at them in a moment: it is used up at twice that.
func Admit(free int64, left time.Duration, sustained int64) int64 {
	spread := min(max(left, minSpread), maxSpread)
	rate := int64(float64(free) / spread.Seconds())
	return max(minAdmit, min(rate, 2*sustained))
}

// Claim is one device's part in a [Share].
type Claim struct {
	Weight int64 // what its backing sustains, in bytes/s; 0 = not known
	Wants  bool  // it has writes that wait, or had since the last time
	Dirty  int64 // bytes of it in the log
	Grant  int64 // bytes
	Crowds bool  // it is to be held to its grant, for the others

	part float64 // of what there is to divide, as a weight
}

// Share divides a budget of bytes among the devices that want some, by what
// their backings sustain: a slow one must not fill the log for the others. One
// that crowds them gets no more than [Crowd] has granted it.
func Share(budget int64, claims []Claim) {
	know(claims)
	total := 0.
	for i := range claims {
		if claims[i].Wants {
			total += claims[i].part
		}
	}
	for i := range claims {
		c := &claims[i]
		share := int64(0)
		if c.Wants {
			share = int64(float64(budget) * c.part / total)
		}
		if c.Crowds {
			share = min(share, c.Grant)
		}
		c.Grant = share
	}
}

// Crowd tells which devices have more than their part of the room in a log, and
// grants those half of what their backings sustain in a while, so that what they
// have becomes less; one that is alone never has too much. Parts are such that
// all would drain in the same time: the log is one queue, and data of a slow
// backing holds up all that comes after it. In a flood, one that is much slower
// than the fastest is held to what its backing sustains all the time: its part
// is so small that it would be beyond it before anybody looked.
func Crowd(room int64, elapsed time.Duration, flood bool, claims []Claim) (any bool) {
	fastest := know(claims)
	total, sharing := 0., 0
	for i := range claims {
		if claims[i].Dirty > 0 {
			total += claims[i].part
			sharing++
		}
	}
	for i := range claims {
		c := &claims[i]
		beyond := float64(c.Dirty) > float64(room)*c.part/total
		c.Crowds = sharing > 1 && (beyond || flood && 2*c.Weight < fastest)
		c.Grant = int64(float64(c.Weight) * elapsed.Seconds())
		if beyond {
			c.Grant /= 2
		}
		any = any || c.Crowds
	}
	return any
}

// know gives those that were not measured yet the average of those that were,
// and weighs them all. One that is slower than the fastest counts for less than
// it sustains, down to half: the fewer its blocks are, the farther its arm goes
// for each, and a batch in which it is last makes all the others wait.
func know(claims []Claim) (fastest int64) {
	var known, sum int64
	for _, c := range claims {
		if c.Weight > 0 {
			known++
			sum += c.Weight
		}
		fastest = max(fastest, c.Weight)
	}
	average := int64(1)
	if known > 0 {
		average = max(1, sum/known)
	}
	for i := range claims {
		c := &claims[i]
		if c.Weight <= 0 {
			c.Weight = average
		}
		c.part = float64(c.Weight) * (1 + float64(c.Weight)/float64(max(fastest, average))) / 2
	}
	return fastest
}
