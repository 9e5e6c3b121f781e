package index

// shard is one table: slots in hash order, with gaps. A slot lies at its home
// position or after it, with no gap in between. Homes rise with the hash, so
// an overfull stretch pushes slots towards the end; the table has some slots
// past the last home for those and gets another page when they are used up.
type shard struct {
	tab   []slot // slots in use of the memory; the capacity is what is reserved
	homes uint32 // number of home positions, at most len(tab)
	count uint32 // slots not empty
}

// home returns the home position for the hash in a slot's key: the fraction
// of the homes that the hash is of its range, taken from the 32 bits that
// follow those that chose the shard. maxShardBits keeps the mask out of them.
// Saying that the shift is below 64 spares a comparison.
func (s *shard) home(key uint64, shardBits uint) int {
	return int(key << (shardBits & 63) >> 32 * uint64(s.homes) >> 32)
}

// lower returns the position of the first slot for hash, or if there is none
// the position where it would be inserted.
func (s *shard) lower(hash uint64, shardBits uint) int {
	tab := s.tab
	key := hash << maskBits
	i := s.home(key, shardBits)
	for i < len(tab) && tab[i].key < key && tab[i].key != 0 {
		i++
	}
	return i
}

// upper returns the position after the last slot for hash, given its first.
func (s *shard) upper(hash uint64, i int) int {
	tab := s.tab
	for i < len(tab) && tab[i].hash() == hash && tab[i].key != 0 {
		i++
	}
	return i
}

// gap returns the position of the first empty slot at or after i, which is
// the length of the table if there is none.
func (s *shard) gap(i int) int {
	tab := s.tab
	for i < len(tab) && tab[i].key != 0 {
		i++
	}
	return i
}

// insert puts e at position i, moving the slots up to the next gap along.
// There must be a gap.
func (s *shard) insert(i, gap int, e slot) {
	tab := s.tab[:gap+1]
	copy(tab[i+1:], tab[i:])
	tab[i] = e
	s.count++
}

// remove empties position i, moving back those of the following slots that
// have been pushed beyond their home, so that no gap separates any from it.
func (s *shard) remove(i int, shardBits uint) {
	tab := s.tab
	end := i + 1
	for end < len(tab) && tab[end].key != 0 && s.home(tab[end].key, shardBits) < end {
		end++
	}
	copy(tab[i:end-1], tab[i+1:end])
	tab[end-1] = slot{}
	s.count--
}
