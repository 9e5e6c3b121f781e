package index

import (
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

const (
	// shardGoal is the most entries a shard is meant to hold when the index
	// holds as many as expected. Larger shards make resizing pauses longer,
	// smaller ones waste more of their last page.
	shardGoal = 8 << 10

	// roomFactor is how much more than its expected size a shard has reserved:
	// enough for every block to be written in eight pieces.
	roomFactor = SectorsPerBlock

	// maxShardBits is the base-two logarithm of the most shards.
	maxShardBits = 20
)

// Index maps blocks to the places of their sectors in the log. The zero value
// is not usable; New makes one.
type Index struct {
	shards    []shard
	hasher    hasher
	shardBits uint // log2 of len(shards)

	arena  []slot // the reservation the shards divide among themselves
	stride int    // slots reserved for each shard in the arena

	scratch []slot // entries of a shard being resized

	entries int // entries in all shards
	blocks  int // distinct blocks among them
	slots   int // slots of all tables
}

// New returns an empty index meant to hold up to expectedBlocks distinct
// blocks, of all devices together. It holds more if it must, with longer
// pauses for growth. New reserves address space, but takes next to no memory.
func New(expectedBlocks int) (*Index, error) {
	return newIndex(expectedBlocks, shardGoal)
}

func newIndex(expectedBlocks, goal int) (*Index, error) {
	expectedBlocks = max(expectedBlocks, 1)
	x := &Index{hasher: newHasher(rand.Uint64())}
	x.shardBits = min(uint(bits.Len(uint((expectedBlocks-1)/goal))), maxShardBits)
	x.shards = make([]shard, 1<<x.shardBits)
	perShard := expectedBlocks>>x.shardBits + 1
	if err := x.reserveArena(perShard); err != nil {
		return nil, err
	}
	for i := range x.shards {
		at := i * x.stride
		x.shards[i].tab = x.arena[at : at : at+x.stride]
	}
	return x, nil
}

// reserveArena reserves a stretch for each shard with ample room to grow, or
// with less room on a system that limits address space. Stretches are an odd
// number of pages apart: what lies at about the same place in each of them, as
// the ends of a Loader's piles do, would else compete for a part of the cache.
func (x *Index) reserveArena(perShard int) error {
	var err error
	for room := roomFactor; room > 0; room /= 2 {
		pages := roundToPages((perShard*loadUnit/resizeGoal+spill)*room) / pageSlots
		x.stride = (pages | 1) * pageSlots
		if x.arena, err = reserve(x.stride * len(x.shards)); err == nil {
			return nil
		}
	}
	return err
}

// Close gives all memory back. The index must not be used afterwards.
func (x *Index) Close() error {
	var first error
	for i := range x.shards {
		if s := &x.shards[i]; cap(s.tab) != x.stride {
			if err := release(s.tab); err != nil && first == nil {
				first = err
			}
		}
	}
	if err := release(x.arena); err != nil && first == nil {
		first = err
	}
	*x = Index{}
	return first
}

// Reset removes all entries and gives their memory back.
func (x *Index) Reset() {
	for i := range x.shards {
		s := &x.shards[i]
		clear(s.tab)
		x.setLen(s, 0)
		s.homes, s.count = 0, 0
	}
	x.entries, x.blocks = 0, 0
}

// Len returns the number of entries.
func (x *Index) Len() int { return x.entries }

// Blocks returns the number of distinct blocks that have entries.
func (x *Index) Blocks() int { return x.blocks }

// Bytes returns the memory the index takes, in bytes. Address space reserved
// but not used is not counted.
func (x *Index) Bytes() int64 {
	n := int64(x.slots+len(x.scratch)) * int64(slotBytes)
	return n + int64(len(x.shards))*int64(unsafe.Sizeof(shard{}))
}

// locate returns the hash of a block, the shard it belongs to, and the range
// of positions there of its entries, which is empty if it has none.
func (x *Index) locate(dev uint8, block uint64) (hash uint64, s *shard, from, to int) {
	hash = x.hasher.hash(dev, block)
	s = &x.shards[x.shardOf(hash)]
	from = s.lower(hash, x.shardBits)
	return hash, s, from, s.upper(hash, from)
}

// shardOf returns the number of the shard for a hash.
func (x *Index) shardOf(hash uint64) uint64 {
	return hash >> ((keyBits - x.shardBits) & 63)
}
