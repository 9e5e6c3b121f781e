package index

// batch is how many blocks are looked at ahead of being used: enough to keep
// the processor's memory requests in flight, few enough to stay in its cache.
const batch = 32

// window is the slots from a home position on that searches mostly stay
// within. There are always that many, since spill slots follow the last home.
type window [spill]slot

// lineSlots is the number of slots in a cache line of 64 bytes.
const lineSlots = 4

var emptyWindow window

// Prefetch brings what Put, Get, Find and RemoveAt read for n consecutive
// blocks, from the given one, into the processor's cache. It is for requests
// of several blocks on a large index: neighbouring blocks lie far apart in
// it, and this way the waits for memory overlap. More than some hundred
// blocks at a time push one another out again.
func (x *Index) Prefetch(dev uint8, block uint64, n int) {
	var ahead [batch]*window
	for n > 0 {
		some := min(batch, n)
		for i := range some {
			ahead[i] = x.window(dev, block+uint64(i))
		}
		touch(ahead[:some])
		block += uint64(some)
		n -= some
	}
}

// window returns where a search for the block starts, without reading there.
func (x *Index) window(dev uint8, block uint64) *window {
	hash := x.hasher.hash(dev, block)
	s := &x.shards[x.shardOf(hash)]
	if len(s.tab) == 0 {
		return &emptyWindow
	}
	return (*window)(s.tab[s.home(hash<<maskBits, x.shardBits):])
}

// touch reads the cache lines of each window that are likely to be used. It
// does nothing else, as the processor can look only so many instructions
// beyond a read it waits for. The sum means nothing; a result, and not being
// inlined, keep the compiler from leaving the reads out.
//
//go:noinline
func touch(ahead []*window) uint64 {
	var sum uint64
	for _, w := range ahead {
		sum += w[0].key + w[lineSlots].key + w[2*lineSlots].key
	}
	return sum
}
