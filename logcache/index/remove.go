package index

// RemoveAt removes the sectors of mask from the entry of the block that has
// exactly this base, and the entry when no sector is left. It is for a mover
// that knows where it read from: what was overwritten since has another base
// and stays.
//
// removed has the bits of the sectors that were removed; gone reports that
// with them the block's last entry went.
func (x *Index) RemoveAt(dev uint8, block uint64, mask uint8, base int64) (removed uint8, gone bool) {
	_, s, from, to := x.locate(dev, block)
	for i := from; i < to; i++ {
		if e := s.tab[i]; e.base == base {
			removed = e.mask() & mask
			s.tab[i] = e.without(mask)
			break
		}
	}
	return removed, x.prune(s, from, to)
}

// prune removes those of a block's entries in [from, to) that cover no sector
// any more, and reports whether it had some and now has none.
func (x *Index) prune(s *shard, from, to int) (gone bool) {
	kept := from
	for _, e := range s.tab[from:to] {
		if e.mask() != 0 {
			s.tab[kept] = e
			kept++
		}
	}
	if kept == to {
		return false
	}
	gone = kept == from
	if gone {
		x.blocks--
	}
	x.cut(s, kept, to)
	if s.sparse() {
		x.shrink(s)
	}
	return gone
}
