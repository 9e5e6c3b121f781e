package logcache

// rhythm is how many writes come between two barriers.
type rhythm struct {
	usual  uint32 // writes between the last two barriers
	since  uint32 // and since the last one
	steady uint32 // how often in a row it was as many as the time before
}

const (
	// maxUsual is up to how many writes the next barrier is foreseen.
	maxUsual = 16
	// surely is after how many equal intervals the next one is taken for granted.
	surely = 4
)

func (r *rhythm) barrier() {
	if r.steady++; r.since != r.usual {
		r.steady = 0
	}
	r.usual, r.since = r.since, 0
}

// due tells whether a barrier is to come after just so many writes.
func (r *rhythm) due() bool {
	return r.since == r.usual && r.usual <= maxUsual && r.steady >= surely
}

// foresee writes the open record when a barrier is due by the rhythm of the
// last ones, before it comes. Who syncs each of his writes then waits for the
// device only, and not for his own way to the sync as well. A wrong guess costs
// a small record and a flush, so the rhythm has to be steady: with several
// writers side by side it is not, and there a group is better than a guess.
func (c *Cache) foresee(p *Port) {
	c.rhythm.since++
	if c.rhythm.due() && c.group == 0 && c.cur.rec != nil && c.hardSeq == c.sealedSeq {
		c.harden(p)
	}
}
