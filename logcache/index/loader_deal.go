package index

// dealer deals heaps out to the lists of their shards, which are its own.
type dealer struct {
	work chan []slot // heaps; nil: whoever fills them deals them out
	sorter
}

// begin starts the dealers, if there are several.
func (l *Loader) begin() {
	if len(l.dealers) == 1 {
		return
	}
	for i := range l.dealers {
		d := &l.dealers[i]
		work := make(chan []slot, spareHeaps)
		d.work = work
		l.wg.Go(func() {
			for heap := range work {
				d.deal(l, heap)
				l.spare <- heap[:cap(heap)]
			}
		})
	}
}

// deal appends the entries of a heap to the lists of their shards.
func (d *dealer) deal(l *Loader, heap []slot) {
	for _, e := range heap {
		at := l.x.shardOf(e.hash())
		list := &l.lists[at]
		n := len(*list)
		if n == cap(*list) {
			*list = d.compact(l, at)
			n = len(*list)
		}
		*list = (*list)[:n+1] // this way no pointer is written, which has a price
		(*list)[n] = e
	}
}

// compact makes room in the full list of a shard: it drops what has been
// overwritten, and lets the list become longer if that was not half of it.
func (d *dealer) compact(l *Loader, i uint64) []slot {
	list := l.lists[i]
	kept := d.sort(list, l.x.shardBits)
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
