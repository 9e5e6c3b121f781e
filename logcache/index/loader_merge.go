package index

import (
	"slices"
	"sync"
	"sync/atomic"
)

// merge merges the piles that have begun so many chunks into their tables.
func (l *Loader) merge(chunks int) {
	l.giveBack()
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range l.workers[1:] {
		wg.Go(func() { l.workers[i+1].work(l, chunks, &next) })
	}
	l.workers[0].work(l, chunks, &next)
	wg.Wait()
	for i := range l.workers {
		m := &l.workers[i]
		l.x.entries += m.x.entries
		l.x.blocks += m.x.blocks
		l.x.slots += m.x.slots
		for dev, n := range m.blocks {
			l.blocks[dev] += n
		}
	}
}

// only returns the only device that entries were put of, or -1.
func (l *Loader) only() int {
	dev := slices.Index(l.seen[:], true)
	if dev >= 0 && slices.Contains(l.seen[dev+1:], true) {
		return -1
	}
	return dev
}

// merger is the work of one goroutine. Its Index shares the shards with the one
// that is loaded, and counts what it adds to that.
type merger struct {
	x      Index
	lists  []slot   // of a pile's shards, one after the other
	ends   []uint32 // of each, as far as it is filled
	placer placer
	only   int // the only device with entries, or -1
	blocks [MaxDevice + 1]int
}

// work merges pile after pile, until none is left.
func (m *merger) work(l *Loader, chunks int, next *atomic.Int64) {
	scratch := m.x.scratch
	m.x, m.only, m.blocks = *l.x, l.only(), [MaxDevice + 1]int{}
	m.x.scratch, m.x.entries, m.x.blocks, m.x.slots = scratch, 0, 0, 0
	for i := int(next.Add(1)) - 1; i < len(l.piles); i = int(next.Add(1)) - 1 {
		if l.piles[i].chunks >= chunks {
			m.merge(l, i)
		}
	}
}

// merge merges pile i, which has no memory from then on.
func (m *merger) merge(l *Loader, i int) {
	p, shards := &l.piles[i], l.shards(i)
	m.split(l.entries(i), i*len(shards), len(shards))
	from := uint32(0)
	for j, end := range m.ends {
		s := &shards[j]
		old := m.x.gather(s)
		if j < p.chunks { // the chunk becomes part of the table, which is made anew anyway
			s.tab = s.tab[:len(s.tab)+l.chunk]
			m.x.slots += l.chunk
		}
		m.build(s, old, m.lists[from:end])
		from = end
	}
	*p = pile{}
}

// split distributes the entries of a pile to lists of its n shards, of which
// it is told the first. They keep their order.
func (m *merger) split(pile [][]slot, first, n int) {
	if len(m.ends) == 0 {
		m.ends = make([]uint32, n)
	}
	ends, lists := m.ends, m.lists
	clear(ends)
	for _, chunk := range pile {
		for i := range chunk {
			ends[int(m.x.shardOf(chunk[i].hash()))-first]++
		}
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	for _, chunk := range pile {
		for _, e := range chunk {
			end := &ends[int(m.x.shardOf(e.hash()))-first]
			lists[*end] = e
			*end++
		}
	}
}

// build makes the table of a shard anew, of what it held and a list of what came
// later. What else lies in its slots goes.
func (m *merger) build(s *shard, old, list []slot) {
	n := len(old) + len(list)
	if n == 0 && len(s.tab) == 0 {
		return
	}
	slots := slotsFor(n)
	table, distinct := m.placer.place(slots-spill, m.x.shardBits, old, list)
	if !distinct {
		m.count(old, -1)
		entries := replay(squeeze(table, table))
		m.count(entries, 1)
		m.x.spread(s, entries, slotsFor(len(entries)))
		return
	}
	m.countDistinct(list)
	clear(s.tab[min(len(table), len(s.tab)):])
	m.x.setLen(s, len(table))
	copy(s.tab, table)
	s.homes, s.count = uint32(slots-spill), uint32(n)
}

// countDistinct counts entries of distinct blocks. Those of one device need not
// be looked at.
func (m *merger) countDistinct(entries []slot) {
	if m.only < 0 {
		m.count(entries, 1)
		return
	}
	m.blocks[m.only] += len(entries)
	m.x.blocks += len(entries)
	m.x.entries += len(entries)
}

// count counts entries, of which those of a block follow one another.
func (m *merger) count(entries []slot, sign int) {
	last := ^uint64(0)
	for i := range entries {
		if h := entries[i].hash(); h != last {
			last = h
			dev, _ := m.x.hasher.unhash(h)
			m.blocks[dev] += sign
			m.x.blocks += sign
		}
	}
	m.x.entries += sign * len(entries)
}
