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
	Crowds bool  // it has more than its part of the log
}

// Share divides a budget of bytes among the devices that want some, by what
// their backings sustain: a slow one must not fill the log for the others.
func Share(budget int64, claims []Claim) {
	know(claims)
	total := int64(0)
	for i := range claims {
		if claims[i].Wants {
			total += claims[i].Weight
		}
	}
	for i := range claims {
		c := &claims[i]
		c.Grant = 0
		if c.Wants {
			c.Grant = int64(float64(budget) * float64(c.Weight) / float64(total))
		}
	}
}

// Crowd tells which devices have more than their part of the room in a log, and
// grants those what their backings sustain in a while; one that is alone never
// has too much. Parts are such that all would drain in the same time: the log
// is one queue, and data of a slow backing holds up all that comes after it.
func Crowd(room int64, elapsed time.Duration, claims []Claim) (any bool) {
	know(claims)
	total, sharing := int64(0), 0
	for i := range claims {
		if claims[i].Dirty > 0 {
			total += claims[i].Weight
			sharing++
		}
	}
	for i := range claims {
		c := &claims[i]
		c.Crowds = sharing > 1 && float64(c.Dirty) > float64(room)*float64(c.Weight)/float64(total)
		c.Grant = int64(float64(c.Weight) * elapsed.Seconds())
		any = any || c.Crowds
	}
	return any
}

// know gives those that were not measured yet the average of those that were.
func know(claims []Claim) {
	var known, sum int64
	for _, c := range claims {
		if c.Weight > 0 {
			known++
			sum += c.Weight
		}
	}
	average := int64(1)
	if known > 0 {
		average = max(1, sum/known)
	}
	for i := range claims {
		if claims[i].Weight <= 0 {
			claims[i].Weight = average
		}
	}
}
