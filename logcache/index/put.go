package index

import "math/bits"

// Put records that the newest data of the block's sectors in mask lies at log
// sectors base+i. Other entries of the block lose these sectors, and vanish
// when none is left; an entry with the same base gains them. An empty mask
// changes nothing.
//
// replaced is the number of sectors in mask that were present before, and
// existed whether the block had any entry.
func (x *Index) Put(dev uint8, block uint64, mask uint8, base int64) (replaced int, existed bool) {
	if base < MinBase {
		panic("index: base out of range")
	}
	hash, s, from, to := x.locate(dev, block)
	existed = from < to
	if mask == 0 {
		return 0, existed
	}
	e := makeSlot(hash, mask, base)
	if !existed {
		x.blocks++
		x.add(s, from, e)
		return 0, false
	}
	old, kept, merged := s.overlay(from, to, e)
	switch {
	case merged:
	case kept < to:
		s.tab[kept] = e
		kept++
	default:
		x.add(s, kept, e)
		return bits.OnesCount8(old), true
	}
	x.cut(s, kept, to)
	return bits.OnesCount8(old), true
}

// overlay takes the sectors of e from the entries in [from, to), except that
// an entry with the same base gains them. Those entries that have sectors left
// end up in [from, kept). old is what sectors of e were present.
func (s *shard) overlay(from, to int, e slot) (old uint8, kept int, merged bool) {
	kept = from
	for _, was := range s.tab[from:to] {
		old |= was.mask() & e.mask()
		if was.base == e.base {
			was = was.with(e.mask())
			merged = true
		} else if was = was.without(e.mask()); was.mask() == 0 {
			continue
		}
		s.tab[kept] = was
		kept++
	}
	return old, kept, merged
}

// add inserts e at position i of its shard, where lower or upper placed it.
func (x *Index) add(s *shard, i int, e slot) {
	if s.full() {
		x.grow(s)
		i = s.upper(e.hash(), s.lower(e.hash(), x.shardBits))
	}
	gap := s.gap(i)
	if gap == len(s.tab) {
		x.extend(s)
	}
	s.insert(i, gap, e)
	x.entries++
}

// cut removes the entries in positions [from, to), all of one block.
func (x *Index) cut(s *shard, from, to int) {
	for i := from; i < to; i++ {
		s.remove(from, x.shardBits)
		x.entries--
	}
}
