package sim

import (
	"math/bits"
	"math/rand/v2"
)

// explorer tries all power cuts at a crash point, or, when they are too many,
// those that an error in the order of writes is likely to show in.
type explorer struct {
	w     *world
	rng   *rand.Rand
	bad   *rand.Rand          // of sectors that go bad
	seen  map[uint64]struct{} // in this run
	all   []*pending
	disk  []int // of each
	Cuts  int
	Full  int // crash points at which every subset was tried
	Other int // crash points at which a choice was
}

// maxSubset is up to how many unflushed sectors, or blocks of backings, every
// subset is tried.
const maxSubset = 12

func newExplorer() *explorer {
	return &explorer{rng: rand.New(rand.NewPCG(1, 3)), bad: rand.New(rand.NewPCG(1, 5)), seen: make(map[uint64]struct{})}
}

// begin prepares for a run.
func (e *explorer) begin(w *world) {
	e.w = w
	clear(e.seen)
}

// point explores the present moment.
func (e *explorer) point() {
	e.all, e.disk = e.all[:0], e.disk[:0]
	units := 0
	e.w.s.each(func(k int, d *disk) {
		for _, list := range [2][]*pending{d.done, d.flying} {
			for _, p := range list {
				e.all, e.disk = append(e.all, p), append(e.disk, k)
				units += len(p.ids) / p.unit
			}
		}
	})
	e.rot()
	if units <= maxSubset {
		e.Full++
		e.subsets(units)
		return
	}
	e.Other++
	e.writes()
	e.tears()
	for range 24 {
		e.w.s.cut(e.rng, e.w.image)
		e.check()
	}
}

// clean starts from what is durable.
func (e *explorer) clean() {
	e.w.s.each(func(k int, d *disk) { copy(e.w.image.disk[k], d.durable) })
}

// put lands units [from, to) of write i.
func (e *explorer) put(i, from, to int) { e.all[i].put(e.w.image.disk[e.disk[i]], from, to) }

// units is how many write i has.
func (e *explorer) units(i int) int { return len(e.all[i].ids) / e.all[i].unit }

// subsets tries every subset of the unflushed units: sectors, or blocks of
// backings.
func (e *explorer) subsets(units int) {
	for mask := range 1 << units {
		e.clean()
		bit := 0
		for i := range e.all {
			for s := range e.units(i) {
				if mask>>bit&1 == 1 {
					e.put(i, s, s+1)
				}
				bit++
			}
		}
		e.check()
	}
}

// writes tries every subset of whole writes, of the last few of them.
func (e *explorer) writes() {
	const few = 6
	n := len(e.all)
	first := max(0, n-few)
	for mask := range 1 << (n - first) {
		for _, rest := range []bool{false, true} {
			if first == 0 && rest {
				continue
			}
			e.clean()
			for i := range e.all {
				if i < first && rest || i >= first && mask>>(i-first)&1 == 1 {
					e.put(i, 0, e.units(i))
				}
			}
			e.check()
		}
	}
}

// tears tears each write at each unit, all others before it being whole, and
// lets each unit alone be missing.
func (e *explorer) tears() {
	for i := range e.all {
		for s := range e.units(i) {
			for _, kind := range []int{0, 1, 2} {
				e.clean()
				for j := range i {
					e.put(j, 0, e.units(j))
				}
				if kind != 1 {
					e.put(i, 0, s)
				}
				if kind != 0 {
					e.put(i, s+1, e.units(i))
				}
				e.check()
			}
		}
	}
}

// rot lets either copy of the superblock go bad in what is durable, and then a
// sector of the log.
func (e *explorer) rot() {
	e.clean()
	e.w.sides.decay(e.w.image, e.bad, 1, false)
	e.w.sides.rot(e.w.image, func() { e.look(e.w.image.hash(e.w.s)) })
}

// check looks at the image.
func (e *explorer) check() {
	h := e.w.image.hash(e.w.s)
	e.w.stats.states[h] = struct{}{}
	e.look(h)
}

// look looks at the image, unless this run has met it already, and nothing was
// answered since: an image may be right until a FLUSH is, and wrong then.
func (e *explorer) look(hash uint64) {
	o := e.w.o
	key := bits.RotateLeft64(hash, 7) ^ mix(uint64(o.floor)<<32^uint64(o.lo)<<16^uint64(o.pos)) ^ mix(^uint64(o.told))
	if _, old := e.seen[key]; old {
		return
	}
	e.seen[key] = struct{}{}
	e.w.stats.Cuts++
	e.Cuts++
	e.w.sides.look(e.w.image)
}
