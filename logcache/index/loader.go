package index

// Loader fills an empty Index with a great many entries, as a start does. It
// has the effect of a Put for each, and for each block in their order.
//
// Put would wait for memory at nearly every entry, and again whenever a table
// grows. A Loader sorts instead, from coarse to fine, in few steps, each of
// which uses memory that the processor has in its cache or foresees. First an
// entry is appended to the pile of its stretch of neighbouring shards. When all
// entries are there, or a pile is full, piles are merged into tables, several
// at a time if there are several workers: a pile is split into a list for each
// of its shards, and then what a table holds and its list adds get their places.
//
// A pile lies where the tables of its shards are going to be, or behind those
// that it is merged into. All of them take no more than a full index does. Where
// few blocks were written over, loading takes no more than what is left in the end.
//
// The Index must not be used before Finish. To give up before, call Stop.
type Loader struct {
	x       *Index
	piles   []pile
	chunk   int    // slots
	shift   uint   // from a hash to its pile
	memory  []slot // of the workers' lists
	workers []merger
	ahead   ahead
	seen    [MaxDevice + 1]bool // devices with entries
	blocks  [MaxDevice + 1]int  // in the tables, by device
}

// pile is entries of neighbouring shards that wait to be merged, in their order.
// It has a chunk of memory with each shard, and fills one after the other.
type pile struct {
	mem    []slot // the chunk that is being filled
	n      int    // entries in it
	chunks int    // begun
}

const (
	// pileShardBits is the base-two logarithm of the shards to a pile, so few that
	// the ends of their lists stay in the processor's cache.
	pileShardBits = 8
	// minPileBits and maxPileBits are the base-two logarithms of the fewest piles,
	// so that every worker has something to do, and of the most, whose ends stay in
	// the processor's cache.
	minPileBits, maxPileBits = 3, 8
)

// Load begins to fill an empty index. With more than one worker, so many
// goroutines make tables while Put or Finish is called, the caller's among them,
// and another one takes memory ahead.
func (x *Index) Load(workers int) (*Loader, error) {
	if x.entries > 0 {
		panic("index: load into an index that is not empty")
	}
	x.Reset() // tables of removed entries are where the piles go
	pileBits := min(x.shardBits, max(minPileBits, x.shardBits-min(x.shardBits, pileShardBits)), maxPileBits)
	l := &Loader{x: x, piles: make([]pile, 1<<pileBits), chunk: roundToPages(x.stride / roomFactor), shift: keyBits - pileBits}
	l.workers = make([]merger, max(1, min(workers, len(l.piles))))
	most := l.shardsPerPile() * l.chunk
	var err error
	if l.memory, err = reserve(len(l.workers) * most); err != nil {
		return nil, err
	}
	for i := range l.workers {
		l.workers[i].lists = l.memory[i*most : (i+1)*most]
	}
	if len(l.workers) > 1 {
		l.ahead.start()
	}
	return l, nil
}

func (l *Loader) shardsPerPile() int { return len(l.x.shards) / len(l.piles) }

// shards returns the shards of pile i.
func (l *Loader) shards(i int) []shard {
	n := l.shardsPerPile()
	return l.x.shards[i*n : (i+1)*n]
}

// Put adds an entry, as [Index.Put] does. The mask must not be empty.
func (l *Loader) Put(dev uint8, block uint64, mask uint8, base int64) {
	if base < MinBase || mask == 0 {
		panic("index: base out of range or mask empty")
	}
	hash := l.x.hasher.hash(dev, block)
	i := hash >> (l.shift & 63)
	p := &l.piles[i]
	if p.n == len(p.mem) {
		l.extend(int(i))
	}
	p.mem[p.n] = makeSlot(hash, mask, base)
	p.n++
	l.seen[dev] = true
}

// extend gives a pile another chunk. If it has them all, it is merged first, and
// so are those that are likely to be full soon.
func (l *Loader) extend(i int) {
	p, shards := &l.piles[i], l.shards(i)
	if p.chunks == len(shards) {
		l.merge(len(shards)/2 + 1)
	}
	s := &shards[p.chunks]
	if !l.hasRoom(s) {
		l.ahead.busy.Wait()
		l.x.relocate(s, len(s.tab)+l.chunk)
	}
	p.mem, p.n = l.chunkOf(s), 0
	p.chunks++
	populate(p.mem)
	l.askAhead(p.chunks)
}

// hasRoom tells whether a shard has memory for a chunk behind its table.
func (l *Loader) hasRoom(s *shard) bool { return cap(s.tab)-len(s.tab) >= l.chunk }

// chunkOf returns the memory that a pile has, or may have, with one of its shards.
func (l *Loader) chunkOf(s *shard) []slot { return s.tab[len(s.tab):][:l.chunk] }

// entries returns what is in pile i, chunk by chunk.
func (l *Loader) entries(i int) (chunks [][]slot) {
	p := &l.piles[i]
	for j := range p.chunks {
		chunks = append(chunks, l.chunkOf(&l.shards(i)[j]))
	}
	chunks[p.chunks-1] = p.mem[:p.n]
	return chunks
}

// Finish makes the index of all that was put, and returns the number of
// distinct blocks of each device. The Loader must not be used afterwards.
func (l *Loader) Finish() (blocks [MaxDevice + 1]int, err error) {
	l.merge(1)
	return l.blocks, l.Stop()
}

// Stop ends a load that will not be finished. The index may then only be closed.
func (l *Loader) Stop() error {
	l.ahead.stop()
	mem := l.memory
	l.memory, l.piles, l.workers = nil, nil, nil
	return release(mem)
}
