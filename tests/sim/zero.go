package sim

// Zeroes do not say who made them: a sector of zeroes may be of the version it
// began with, or of any discard since. This file finds out which it may be.

// same tells whether versions i and j of a cell look the same.
func (c *cell) same(i, j int) bool { return i == j || c.v[i].zero && c.v[j].zero }

// ambiguous tells whether version i looks like another one.
func (c *cell) ambiguous(i int) bool {
	for j := range c.v {
		if j != i && c.same(i, j) {
			return true
		}
	}
	return false
}

// resolve is the version that looks like version i and is the first from version
// at on; i itself if none is.
func (c *cell) resolve(i, at int) int {
	for j := at; j < len(c.v); j++ {
		if c.same(i, j) {
			return j
		}
	}
	return i
}
