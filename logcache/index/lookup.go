package index

// Get stores the entries of a block in out and returns how many there are, 0
// to 8. Their masks do not overlap; their order says nothing.
func (x *Index) Get(dev uint8, block uint64, out *[SectorsPerBlock]Entry) int {
	_, s, from, to := x.locate(dev, block)
	n := 0
	for _, e := range s.tab[from:to] {
		out[n&(SectorsPerBlock-1)] = Entry{Block: block, Base: e.base, Dev: dev, Mask: e.mask()}
		n++
	}
	return n
}

// Find reports whether one entry of the block has exactly this base and
// covers at least the sectors of mask: whether these sectors are still the
// newest, and in that place.
func (x *Index) Find(dev uint8, block uint64, mask uint8, base int64) bool {
	_, s, from, to := x.locate(dev, block)
	for _, e := range s.tab[from:to] {
		if e.base == base {
			return e.mask()&mask == mask
		}
	}
	return false
}
