package index

import (
	"sync"
	"sync/atomic"
)

// Finish makes the index of all that was put, and returns the number of
// distinct blocks of each device. The Loader must not be used afterwards.
func (l *Loader) Finish() (blocks [MaxDevice + 1]int, err error) {
	for i := range l.heaps {
		l.pass(i)
	}
	err = l.Stop()
	parts := make([]part, len(l.dealers))
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range parts[1:] {
		wg.Go(func() { parts[i+1].work(l, &next) })
	}
	parts[0].work(l, &next)
	wg.Wait()
	for i := range parts {
		p := &parts[i]
		l.x.entries += p.x.entries
		l.x.blocks += p.x.blocks
		l.x.slots += p.x.slots
		for dev, n := range p.blocks {
			blocks[dev] += n
		}
	}
	return blocks, err
}

// part is the work of one goroutine. Its Index shares the shards with the one
// that is loaded, and has counters of its own.
type part struct {
	x      Index
	sorter sorter
	blocks [MaxDevice + 1]int
}

// work makes tables of lists until none is left.
func (p *part) work(l *Loader, next *atomic.Int64) {
	p.x = *l.x
	p.x.entries, p.x.blocks, p.x.slots = 0, 0, 0
	for i := int(next.Add(1)) - 1; i < len(l.lists); i = int(next.Add(1)) - 1 {
		p.build(&p.x.shards[i], l.lists[i])
	}
}

// build makes the table of a shard from its list, which lies in its place and
// is taken for a table that is resized. Memory that the list had beyond goes.
func (p *part) build(s *shard, list []slot) {
	if len(list) == 0 {
		return
	}
	entries := p.sorter.sort(list, p.x.shardBits)
	p.count(entries)
	s.tab = s.tab[:len(list)]
	p.x.slots += len(list)
	slots := slotsFor(len(entries))
	if from := max(roundToPages(len(list)), slots); from < cap(list) {
		discard(list[from:cap(list)])
	}
	p.x.spread(s, entries, slots)
}

// count counts the entries in hash order.
func (p *part) count(entries []slot) {
	last := ^uint64(0)
	for i := range entries {
		if h := entries[i].hash(); h != last {
			last = h
			dev, _ := p.x.hasher.unhash(h)
			p.blocks[dev]++
			p.x.blocks++
		}
	}
	p.x.entries += len(entries)
}
