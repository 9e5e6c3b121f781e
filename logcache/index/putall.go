package index

import "slices"

// Grow takes room for n entries in all at once, which spares the index from
// growing step by step to a size that is known beforehand. Room beyond what is
// then put stays taken until entries are removed.
func (x *Index) Grow(n int) {
	perShard := n>>x.shardBits + 1
	for i := range x.shards {
		x.growFor(&x.shards[i], perShard)
	}
}

// sortFrom is the number of entries per shard from which PutAll goes shard by
// shard. With fewer the processor's cache does not profit.
const sortFrom = 32

// PutAll does a Put for each entry, and for each block in the given order. On
// a large index it is faster than the single calls, since the waits for memory
// overlap. It is fastest with some hundred entries per 8192 blocks the index
// is meant for, as when loading one: it then takes one part of the index after
// the other, and four bytes of heap per entry while it runs.
func (x *Index) PutAll(entries []Entry) {
	if len(entries) < sortFrom*len(x.shards) {
		for some := range slices.Chunk(entries, batch) {
			x.putBatch(some)
		}
		return
	}
	order, ends := x.byShard(entries)
	from := uint32(0)
	for i, end := range ends {
		x.putOrdered(&x.shards[i], entries, order[from:end])
		from = end
	}
}

// byShard returns the positions of the entries sorted by their shard,
// otherwise in order, and where each shard's ones end.
func (x *Index) byShard(entries []Entry) (order, ends []uint32) {
	order = make([]uint32, len(entries))
	ends = make([]uint32, len(x.shards))
	for i := range entries {
		ends[x.shardOf(x.hasher.hash(entries[i].Dev, entries[i].Block))]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	for i := range entries {
		end := &ends[x.shardOf(x.hasher.hash(entries[i].Dev, entries[i].Block))]
		order[*end] = uint32(i)
		*end++
	}
	return order, ends
}

// putOrdered puts those of the entries that order lists, all of one shard,
// which is grown for all of them at once.
func (x *Index) putOrdered(s *shard, entries []Entry, order []uint32) {
	grew := x.growFor(s, int(s.count)+len(order))
	var buf [batch]Entry
	for some := range slices.Chunk(order, batch) {
		for i, at := range some {
			buf[i] = entries[at]
		}
		x.putBatch(buf[:len(some)])
	}
	// Fewer entries may have come of it, where blocks were overwritten.
	if grew && s.sparse() {
		x.shrink(s)
	}
}
