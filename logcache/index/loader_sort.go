package index

import "math/bits"

// sorter brings the list of a shard in order. It keeps its memory for the next.
type sorter struct {
	out  []slot
	ends []uint32
}

// sort returns what is left of a list when later entries have replaced
// earlier ones, in hash order. The result is valid until the next call.
func (t *sorter) sort(list []slot, shardBits uint) []slot {
	if len(list) == 0 {
		return nil
	}
	if len(t.out) < len(list) {
		t.out = make([]slot, len(list)+len(list)/4)
	}
	out := t.out[:len(list)]
	t.distribute(out, list, shardBits)
	if settle(out) {
		return out // nothing has been replaced
	}
	return replay(out)
}

// distribute copies a list to out in the order of as many of the highest bits
// of the hash as give each entry a bucket of its own on average. Within a
// bucket entries keep their order.
func (t *sorter) distribute(out, list []slot, shardBits uint) {
	width := min(uint(bits.Len(uint(len(list)))), keyBits-maxShardBits)
	if len(t.ends) < 1<<width {
		t.ends = make([]uint32, 1<<width)
	}
	ends := t.ends[:1<<width]
	clear(ends)
	left, right := shardBits&63, (64-width)&63
	for i := range list {
		ends[list[i].key<<left>>right]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	for _, e := range list {
		end := &ends[e.key<<left>>right]
		out[*end] = e
		*end++
	}
}

// settle sorts a list that is nearly sorted by hash. Entries of the same hash
// keep their order. It tells whether no two are the same.
func settle(list []slot) (distinct bool) {
	distinct = true
	for i := 1; i < len(list); i++ {
		e, at := list[i], i
		for at > 0 && list[at-1].hash() > e.hash() {
			list[at] = list[at-1]
			at--
		}
		list[at] = e
		distinct = distinct && (at == 0 || list[at-1].hash() != e.hash())
	}
	return distinct
}

// replay lets each entry of a sorted list replace those of the same block
// before it, as Put does, and returns what is left.
func replay(list []slot) []slot {
	left := shard{tab: list}
	from, n := 0, 0 // the last block's entries, in what is left
	for i, e := range list {
		if n == 0 || list[i].hash() != list[n-1].hash() {
			from = n
		} else if _, kept, merged := left.overlay(from, n, e); merged {
			n = kept
			continue
		} else {
			n = kept
		}
		list[n] = e
		n++
	}
	return list[:n]
}
