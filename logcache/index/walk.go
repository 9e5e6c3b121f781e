package index

import "math/bits"

// ForEach calls fn for every entry until it returns false. Entries of one
// block follow one another; there is no other order. The index must not be
// changed meanwhile.
func (x *Index) ForEach(fn func(Entry) bool) {
	for i := range x.shards {
		for _, e := range x.shards[i].tab {
			if !e.empty() && !fn(x.entry(e)) {
				return
			}
		}
	}
}

func (x *Index) entry(e slot) Entry {
	dev, block := x.hasher.unhash(e.hash())
	return Entry{Block: block, Base: e.base, Dev: dev, Mask: e.mask()}
}

// RemoveDevice removes all entries of a device, and returns how many blocks
// and 512-byte sectors they were. It reads the whole index; to bound how long
// that excludes others, call RemoveDeviceStep.
func (x *Index) RemoveDevice(dev uint8) (blocks, sectors int) {
	for next := 0; next >= 0; {
		var b, n int
		next, b, n = x.RemoveDeviceStep(dev, next)
		blocks += b
		sectors += n
	}
	return blocks, sectors
}

// RemoveDeviceStep does a small part of RemoveDevice. The first call passes
// 0 as step and each further one what the last returned, until that is
// negative. The index may be used between the calls; entries put meanwhile
// for the device may stay or go.
func (x *Index) RemoveDeviceStep(dev uint8, step int) (next, blocks, sectors int) {
	s := &x.shards[step]
	all := x.gather(s)
	kept := all[:0]
	last := ^uint64(0)
	for _, e := range all {
		if d, _ := x.hasher.unhash(e.hash()); d != dev {
			kept = append(kept, e)
			continue
		}
		sectors += bits.OnesCount8(e.mask())
		if e.hash() != last {
			last = e.hash()
			blocks++
		}
	}
	x.keep(s, kept)
	x.blocks -= blocks
	if next = step + 1; next == len(x.shards) {
		next = -1
	}
	return next, blocks, sectors
}

// keep replaces the entries of a shard by fewer ones, in hash order.
func (x *Index) keep(s *shard, kept []slot) {
	gone := int(s.count) - len(kept)
	if gone == 0 {
		return
	}
	x.entries -= gone
	x.spread(s, kept, len(s.tab))
	if s.sparse() {
		x.shrink(s)
	}
}
