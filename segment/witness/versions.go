package witness

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// maxVersions is how many extents a [Collector] keeps: 5 MiB. Each device has an
// equal share, so that one which writes the same places again and again does not
// make the others unjudged.
const maxVersions = 1 << 17

// version is an extent that is kept, and the record that it is in.
type version struct {
	segment.Placed
	segment  uint64 // id
	position uint32 // of the record in its slot, in sectors
}

// Versions are what the unmigrated log holds of the witnessed sectors of one
// device. Nil has nothing.
type Versions struct {
	filter
	of      *segment.Witness
	log     *segment.Super
	givenUp uint64 // extents in records up to this sequence do not count
	extents []version
	lost    []bool // of each witnessed sector: not all versions are kept; nil = of none
	whole   int    // sectors of which all are
	unknown bool   // none are kept
}

// Unknown are versions that nobody has kept: no sector can be judged.
var Unknown = &Versions{unknown: true}

// Kept is how many extents are kept.
func (v *Versions) Kept() int { return len(v.extents) }

// judges tells whether all versions of a sector are known.
func (v *Versions) judges(lba uint64) bool {
	return v == nil || !v.unknown && (v.lost == nil || !v.lost[v.index(lba)])
}

// index is the number of a witnessed sector, in the order of [each].
func (v *Versions) index(lba uint64) int {
	w, start := v.of, tailStart(v.of)
	switch {
	case lba < uint64(len(w.Head)):
		return int(lba)
	case lba >= start && lba < w.Sectors:
		return len(w.Head) + int(lba-start)
	}
	at := len(w.Head) + len(w.Tail)
	for _, marks := range [2][]segment.Mark{w.Marks, w.Samples} {
		for i := range marks {
			if marks[i].LBA == lba {
				return at + i
			}
		}
		at += len(marks)
	}
	panic("witness: a sector that is not witnessed")
}

// lose notes that a version of some sectors is not kept. A log may have a great
// many of them.
func (v *Versions) lose(lba, n uint64) {
	w := v.of
	if v.lost == nil {
		v.whole = len(w.Head) + len(w.Tail) + len(w.Marks) + len(w.Samples)
		v.lost = make([]bool, v.whole)
	}
	if v.whole == 0 {
		return
	}
	v.loseAll(0, lba, min(lba+n, v.head))
	v.loseAll(len(w.Head), max(lba, v.tail)-v.tail, min(max(lba+n, v.tail), w.Sectors)-v.tail)
	if !v.marked(lba, n) {
		return
	}
	at := len(w.Head) + len(w.Tail)
	for _, marks := range [2][]segment.Mark{w.Marks, w.Samples} {
		for i := range marks {
			if marks[i].LBA-lba < n {
				v.loseAll(at+i, 0, 1)
			}
		}
		at += len(marks)
	}
}

// loseAll notes it of the sectors [from, to) of those that are numbered from at on.
func (v *Versions) loseAll(at int, from, to uint64) {
	if from >= to {
		return
	}
	lost := v.lost[at+int(from) : at+int(to)]
	for i := range lost {
		if !lost[i] {
			lost[i] = true
			v.whole--
		}
	}
}

// Collector gathers the versions of all devices of a log that have a witness.
type Collector struct {
	geo  segment.Geometry
	dev  [segment.MaxDevices + 1]*Versions
	most int // extents of each device
}

// NewCollector is for the log that s describes.
func NewCollector(s *segment.Super) *Collector {
	c := &Collector{geo: s.Geometry}
	devices := 0
	for i := range s.Bindings {
		if b := &s.Bindings[i]; b.Witness != nil {
			c.dev[b.ID] = &Versions{filter: newFilter(b.Witness), of: b.Witness, log: s, givenUp: b.GivenUp}
			devices++
		}
	}
	c.most = maxVersions / max(1, devices)
	return c
}

// Add takes in the next record of the log; it is a callback for [segment.Recover].
func (c *Collector) Add(r *segment.Record) {
	at := r.PayloadSector(c.geo)
	for i := range int(r.Extents) {
		e := segment.Placed{Extent: r.Extent(i), At: at}
		c.Place(&r.Header, &e)
		if e.Kind.HasPayload() {
			at += int64(e.Sectors)
		}
	}
}

// Place takes in one extent of a record.
func (c *Collector) Place(r *segment.Header, e *segment.Placed) {
	if v := c.dev[e.Device]; v != nil && v.passes(e.LBA, uint64(e.Sectors)) {
		c.keep(v, r, e)
	}
}

func (c *Collector) keep(v *Versions, r *segment.Header, e *segment.Placed) {
	switch {
	case r.Seq <= v.givenUp || !Covers(v.of, e.LBA, uint64(e.Sectors)):
	case len(v.extents) == c.most:
		v.lose(e.LBA, uint64(e.Sectors))
	default:
		v.extents = append(v.extents, version{Placed: *e, segment: r.Segment, position: r.Position})
	}
}

// Versions are those of a device; nil if it has no witness.
func (c *Collector) Versions(dev uint8) *Versions { return c.dev[dev] }

// filter passes all extents that touch a witnessed sector, and few others, at
// next to no cost: a log has millions.
type filter struct {
	head, tail uint64 // the start ends here, and the end starts here
	bits       [64]uint64
	sorted     []uint64 // blocks with marks and samples
}

const filterBlock = 8 // sectors

func newFilter(w *segment.Witness) filter {
	f := filter{head: uint64(len(w.Head)), tail: tailStart(w)}
	for _, marks := range [2][]segment.Mark{w.Marks, w.Samples} {
		for _, m := range marks {
			b := m.LBA / filterBlock
			f.bits[b/64%64] |= 1 << (b % 64)
			f.sorted = append(f.sorted, b)
		}
	}
	slices.Sort(f.sorted)
	return f
}

func (f *filter) passes(lba, n uint64) bool {
	return lba < f.head || lba+n > f.tail || f.marked(lba, n)
}

// marked is passes for marks and samples alone.
func (f *filter) marked(lba, n uint64) bool {
	first, last := lba/filterBlock, (lba+n-1)/filterBlock
	if first == last {
		return f.bits[first/64%64]>>(first%64)&1 != 0
	}
	i, _ := slices.BinarySearch(f.sorted, first)
	return i < len(f.sorted) && f.sorted[i] <= last
}
