package index

// A shard grows when its homes are more than growLoad full and shrinks when
// they are less than shrinkLoad full. Both leave it clear of either limit, so
// that one resizing pays for many insertions or removals: each bears the cost
// of copying a dozen or so slots sequentially.
//
// The worst load while growing is growLoad less one growthStep. That, with
// half a page to a shard on average, keeps 16-byte entries below 20 bytes.
const (
	loadUnit   = 64
	growLoad   = 57 // of 64: 0.89
	shrinkLoad = 44 // of 64: 0.69
	resizeGoal = 54 // of 64: 0.84, after shrinking and loading

	growthStep = 11 // a growing shard gets this fraction of its size, at least a page

	// spill is the number of slots past the last home. Few tables need more
	// of them even at the highest load, and those get another page.
	spill = 24
)

func (s *shard) full() bool {
	return uint64(s.count)*loadUnit >= uint64(s.homes)*growLoad
}

func (s *shard) sparse() bool {
	return uint64(s.count)*loadUnit < uint64(s.homes)*shrinkLoad
}

// roundToPages rounds a number of slots up to whole pages.
func roundToPages(slots int) int {
	return (slots + pageSlots - 1) / pageSlots * pageSlots
}

// slotsFor returns the number of slots that hold n entries without being full.
func slotsFor(n int) int {
	return roundToPages(n*loadUnit/resizeGoal + spill + 1)
}

// grow makes room in a full shard.
func (x *Index) grow(s *shard) {
	pages := max(1, len(s.tab)/growthStep/pageSlots)
	x.resize(s, len(s.tab)+pages*pageSlots)
}

// shrink gives memory of a sparse shard back, if that is at least a page.
func (x *Index) shrink(s *shard) {
	if want := slotsFor(int(s.count)); want < len(s.tab) {
		x.resize(s, want)
	}
}

// resize gives the shard's table the given number of slots, a whole number of
// pages large enough for its entries, and spreads the entries over it.
func (x *Index) resize(s *shard, slots int) {
	x.spread(s, x.gather(s), slots)
}

// gather copies the shard's entries to the scratch memory in hash order.
func (x *Index) gather(s *shard) []slot {
	if len(x.scratch) < len(s.tab) {
		x.scratch = make([]slot, len(s.tab)+len(s.tab)/4)
	}
	return squeeze(x.scratch, s.tab)
}

// squeeze copies the entries of a table, without the gaps between them, to dst,
// which is as long at least and may be the same.
func squeeze(dst, tab []slot) []slot {
	n := 0
	for _, e := range tab {
		dst[n] = e // without a branch, which would be mispredicted at each gap
		n += e.occupied()
	}
	return dst[:n]
}

// spread fills the shard with entries, in hash order, in a table of the given
// number of slots.
func (x *Index) spread(s *shard, entries []slot, slots int) {
	clear(s.tab)
	x.setLen(s, slots)
	s.homes = uint32(slots - spill)
	s.count = uint32(len(entries))
	tab, at := s.tab, -1
	for _, e := range entries {
		at = max(at+1, s.home(e.key, x.shardBits))
		if at >= len(tab) {
			x.extend(s)
			tab = s.tab
		}
		tab[at] = e
	}
}

// extend gives the shard another page past its last home.
func (x *Index) extend(s *shard) {
	x.setLen(s, len(s.tab)+pageSlots)
}

// setLen sets the number of slots in use of the shard's memory. Slots that
// are dropped must be empty.
func (x *Index) setLen(s *shard, slots int) {
	if slots > cap(s.tab) {
		x.relocate(s, slots)
	}
	x.slots += slots - len(s.tab)
	if slots < len(s.tab) {
		discard(s.tab[slots:])
	}
	s.tab = s.tab[:slots]
}

// relocate moves a shard that has outgrown its stretch of the arena, or its
// last own reservation, to a reservation of its own with ample room. Running
// out of address space is as fatal as running out of heap.
func (x *Index) relocate(s *shard, slots int) {
	mem, err := reserve(2 * max(slots, cap(s.tab)))
	if err != nil {
		panic(err)
	}
	old := s.tab
	s.tab = mem[:len(old)]
	copy(s.tab, old)
	if cap(old) != x.stride {
		if err := release(old); err != nil {
			panic(err)
		}
		return
	}
	clear(old)
	discard(old)
}
