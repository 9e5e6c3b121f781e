package pace

import "time"

const (
	// A byte above the target asks for 1/pInverse bytes/s, and for 1/iInverse
	// more for each second that it stays. Both are those of bcache.
	pInverse = 40
	iInverse = 10_000
)

// controller chooses a rate that keeps the dirty data of a log near a target,
// as bcache does: in proportion to what is too much, and to how long it has been.
type controller struct {
	integral float64 // byte seconds above the target
	rate     int64
}

// update takes in how much is dirty and returns the rate, in bytes/s, for the
// time that follows; elapsed is that since the last update. The integral grows
// only while the backing could do more than it was asked for: a debt that
// nobody can pay would be paid long after the target is reached. sustained is
// what the backing can do; 0 = not known.
func (c *controller) update(dirty, target int64, elapsed time.Duration, floor, sustained int64) int64 {
	over := float64(dirty - target)
	keepsUp := sustained == 0 || c.rate < sustained
	if over < 0 && c.integral > 0 || over > 0 && keepsUp {
		c.integral = max(0, c.integral+over*elapsed.Seconds())
	}
	c.rate = max(floor, int64(over/pInverse+c.integral/iInverse))
	return c.rate
}
