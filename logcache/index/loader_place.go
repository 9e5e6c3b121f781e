package index

// placer brings entries in the order and to the places that they have in a
// table. It keeps its memory for the next.
type placer struct {
	image []slot
	next  []uint32 // by home position, where the next entry of that home goes
}

// place makes a table with so many homes of entries whose later ones lie in a
// later list, or further back in it: with all of them, in hash order, and those
// of a block in their order. It tells whether all are of distinct blocks. The
// table takes whole pages, and is valid until the next call.
func (t *placer) place(homes int, shardBits uint, lists ...[]slot) (image []slot, distinct bool) {
	s := shard{homes: uint32(homes)}
	if len(t.next) < homes {
		t.next = make([]uint32, homes+homes/4)
	}
	next := t.next[:homes]
	clear(next)
	for _, list := range lists {
		for i := range list {
			next[s.home(list[i].key, shardBits)]++
		}
	}
	end := 0
	for home, n := range next {
		end = max(end, home)
		next[home] = uint32(end)
		end += int(n)
	}
	slots := roundToPages(max(end, homes+spill))
	if len(t.image) < slots {
		t.image = make([]slot, slots+slots/4)
	}
	image = t.image[:slots]
	clear(image)
	for _, list := range lists {
		for _, e := range list {
			at := &next[s.home(e.key, shardBits)]
			image[*at] = e
			*at++
		}
	}
	return image, settle(image[:end])
}

// settle puts the entries of each home of a table in hash order. Those of the
// same hash keep their order. It tells whether no two are the same.
func settle(tab []slot) (distinct bool) {
	distinct = true
	for i := 1; i < len(tab); i++ {
		// Less one, an empty slot has the greatest hash and an entry has its own.
		if tab[i-1].hash() < (tab[i].key-1)>>maskBits || tab[i].empty() {
			continue
		}
		e, at := tab[i], i
		for at > 0 && tab[at-1].hash() > e.hash() {
			tab[at] = tab[at-1]
			at--
		}
		tab[at] = e
		distinct = distinct && (at == 0 || tab[at-1].hash() != e.hash())
	}
	return distinct
}

// replay lets each entry of a list in hash order replace those of the same
// block before it, as Put does, and returns what is left.
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
