package index

import "math/bits"

// Loader fills an empty Index with a great many entries, as a start does. It
// has the effect of a Put for each, and for each block in their order.
//
// Put would wait for memory at nearly every entry, and again whenever a table
// grows. A Loader only appends an entry to a list of its shard, which lies
// where the shard's table is going to be. Finish sorts list by list, each of
// which fits the processor's cache, and makes tables of the right size of
// them. Lists in which blocks are written over and over are sorted in between,
// so that loading takes no more than twice the memory of what is left in the end.
//
// Even appending waits for memory when there are thousands of lists. So entries
// are first gathered in heaps, one for some neighbouring shards, which together
// fit the cache. A heap that is full is dealt out to its lists, a cache line or
// more for each.
//
// The Index must not be used before Finish, except that it may be closed.
type Loader struct {
	x      *Index
	lists  [][]slot // by shard; the capacity is what the list may hold before it is sorted
	heaps  []slot   // heapSlots for each heap
	filled []uint32 // by heap
	shift  uint     // from a hash to its heap
	sorter
}

const (
	// listFactor is how many times the entries a shard is expected to have are
	// listed before they are sorted for the first time.
	listFactor = 2
	// heapSlots is the number of entries in a full heap.
	heapSlots = 512
)

// Load begins to fill an empty index.
func (x *Index) Load() *Loader {
	if x.entries > 0 {
		panic("index: load into an index that is not empty")
	}
	x.Reset() // tables of removed entries are where the lists go
	heapBits := (x.shardBits + 1) / 2
	l := &Loader{
		x: x, lists: make([][]slot, len(x.shards)),
		heaps: make([]slot, heapSlots<<heapBits), filled: make([]uint32, 1<<heapBits), shift: keyBits - heapBits,
	}
	for i := range x.shards {
		tab := x.shards[i].tab
		l.lists[i] = tab[:0:min(cap(tab), x.stride/roomFactor*listFactor)]
	}
	return l
}

// Put adds an entry, as [Index.Put] does. The mask must not be empty.
func (l *Loader) Put(dev uint8, block uint64, mask uint8, base int64) {
	if base < MinBase || mask == 0 {
		panic("index: base out of range or mask empty")
	}
	hash := l.x.hasher.hash(dev, block)
	i := hash >> (l.shift & 63)
	n := l.filled[i]
	l.heaps[i*heapSlots+uint64(n)] = makeSlot(hash, mask, base)
	l.filled[i] = n + 1
	if n+1 == heapSlots {
		l.deal(i)
	}
}

// deal appends the entries of a heap to the lists of their shards.
func (l *Loader) deal(i uint64) {
	heap := l.heaps[i*heapSlots:][:l.filled[i]]
	l.filled[i] = 0
	for _, e := range heap {
		at := l.x.shardOf(e.hash())
		list := l.lists[at]
		if len(list) == cap(list) {
			list = l.compact(at)
		}
		list = list[:len(list)+1]
		list[len(list)-1] = e
		l.lists[at] = list
	}
}

// compact makes room in the full list of a shard: it drops what has been
// overwritten, and lets the list become longer if that was not half of it.
func (l *Loader) compact(i uint64) []slot {
	list := l.lists[i]
	kept := l.sort(list, l.x.shardBits)
	copy(list, kept)
	clear(list[len(kept):])
	room := cap(list)
	if 2*len(kept) > room {
		room *= 2
	}
	s := &l.x.shards[i]
	s.tab = s.tab[:len(kept)]
	if room > cap(s.tab) {
		l.x.relocate(s, room)
	}
	list = s.tab[:len(kept):room]
	s.tab = s.tab[:0]
	return list
}

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
	settle(out)
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
// keep their order.
func settle(list []slot) {
	for i := 1; i < len(list); i++ {
		e, at := list[i], i
		for at > 0 && list[at-1].hash() > e.hash() {
			list[at] = list[at-1]
			at--
		}
		list[at] = e
	}
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
