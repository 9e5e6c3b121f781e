package index

import "sync"

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
// Even appending waits for memory when there are thousands of lists: each lies
// in a page whose address the processor must look up first. So entries are
// gathered in heaps, one for some neighbouring shards. A heap that is full is
// dealt out to its lists, several cache lines for each. That is work for other
// goroutines, if there are to be any: a heap always goes to the same dealer, so
// that a list has one owner and keeps its order.
//
// The Index must not be used before Finish. To give up before, call Stop.
type Loader struct {
	x       *Index
	lists   [][]slot // by shard, each its dealer's; the capacity is what the list may hold before it is sorted
	heaps   []heap
	shift   uint   // from a hash to its heap
	memory  []slot // of all heaps, and of those that are on their way
	spare   chan []slot
	dealers []dealer
	wg      sync.WaitGroup
}

// heap is entries of neighbouring shards that wait to be dealt out.
type heap struct {
	mem []slot
	n   int
}

const (
	// listFactor is how many times the entries a shard is expected to have are
	// listed before they are sorted for the first time.
	listFactor = 2
	// maxHeapBits is the base-two logarithm of the most heaps. The processor
	// notices that a few of them are filled from start to end, and fetches their
	// memory ahead; with hundreds, it waits for each line.
	maxHeapBits = 5
	// hand is how many entries a list gets on average when a heap is dealt out,
	// half a page: the more, the fewer times a page is looked up and fetched into
	// the processor's cache. All heaps take less than a fiftieth of what the index does.
	hand = 128
	// spareHeaps is how many heaps may be on their way to a dealer.
	spareHeaps = 8
)

// Load begins to fill an empty index. With more than one worker, so many
// goroutines deal entries out and make tables, until Finish or Stop returns.
func (x *Index) Load(workers int) (*Loader, error) {
	if x.entries > 0 {
		panic("index: load into an index that is not empty")
	}
	x.Reset() // tables of removed entries are where the lists go
	heapBits := min((x.shardBits+1)/2, maxHeapBits)
	l := &Loader{x: x, lists: make([][]slot, len(x.shards)), heaps: make([]heap, 1<<heapBits), shift: keyBits - heapBits}
	for i := range x.shards {
		tab := x.shards[i].tab
		l.lists[i] = tab[:0:min(cap(tab), roundToPages(x.stride/roomFactor*listFactor))]
	}
	l.dealers = make([]dealer, max(1, min(workers, len(l.heaps))))
	if err := l.allocHeaps(hand << (x.shardBits - heapBits)); err != nil {
		return nil, err
	}
	l.begin()
	return l, nil
}

// allocHeaps takes memory for heaps of the given number of slots. It is not of
// the Go heap, so that it is gone when the index is made.
func (l *Loader) allocHeaps(slots int) (err error) {
	n := len(l.heaps)
	if len(l.dealers) > 1 {
		n += spareHeaps
	}
	if l.memory, err = reserve(n * slots); err != nil {
		return err
	}
	l.spare = make(chan []slot, n)
	for i := range n {
		mem := l.memory[i*slots : (i+1)*slots : (i+1)*slots]
		if i < len(l.heaps) {
			l.heaps[i].mem = mem
		} else {
			l.spare <- mem
		}
	}
	return nil
}

// Put adds an entry, as [Index.Put] does. The mask must not be empty.
func (l *Loader) Put(dev uint8, block uint64, mask uint8, base int64) {
	if base < MinBase || mask == 0 {
		panic("index: base out of range or mask empty")
	}
	hash := l.x.hasher.hash(dev, block)
	i := hash >> (l.shift & 63)
	h := &l.heaps[i]
	h.mem[h.n] = makeSlot(hash, mask, base)
	h.n++
	if h.n == len(h.mem) {
		l.pass(int(i))
	}
}

// pass has the dealer of a heap deal it out.
func (l *Loader) pass(i int) {
	h, d := &l.heaps[i], &l.dealers[i%len(l.dealers)]
	full := h.mem[:h.n]
	h.n = 0
	if d.work == nil {
		d.deal(l, full)
		return
	}
	d.work <- full
	h.mem = <-l.spare
}

// Stop ends a load that will not be finished. The index may then only be closed.
func (l *Loader) Stop() error {
	for i := range l.dealers {
		if d := &l.dealers[i]; d.work != nil {
			close(d.work)
			d.work = nil
		}
	}
	l.wg.Wait()
	mem := l.memory
	l.memory, l.heaps = nil, nil
	return release(mem)
}
