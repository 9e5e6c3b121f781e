package witness

import (
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// maxVersions is how many extents a [Collector] keeps, over all devices: 4 MiB.
const maxVersions = 1 << 17

// Versions are what the unmigrated log holds of the witnessed sectors of one
// device. Nil has nothing.
type Versions struct {
	filter
	of      *segment.Witness
	givenUp uint64 // extents in records up to this sequence do not count
	extents []segment.Placed
	lost    map[uint64]bool // witnessed sectors of which not all versions are kept
	unknown bool            // none are kept
}

// Unknown are versions that nobody has kept: no sector can be judged.
var Unknown = &Versions{unknown: true}

// Of is the witness whose sectors these are versions of.
func (v *Versions) Of() *segment.Witness {
	if v == nil {
		return nil
	}
	return v.of
}

// Kept is how many extents are kept.
func (v *Versions) Kept() int { return len(v.extents) }

// judges tells whether all versions of a sector are known.
func (v *Versions) judges(lba uint64) bool { return v == nil || !v.unknown && !v.lost[lba] }

// lose notes that a version of some sectors is not kept.
func (v *Versions) lose(lba, n uint64) {
	if v.lost == nil {
		v.lost = map[uint64]bool{}
	}
	each(v.of, func(_ Place, at uint64, _ uint32) {
		if at-lba < n {
			v.lost[at] = true
		}
	})
}

// hold tells whether a version of sector lba has this checksum. log is the
// cache device. An error says that it cannot be told.
func (v *Versions) hold(lba uint64, sum uint32, log Disk) (bool, error) {
	if v == nil {
		return false, nil
	}
	var unread error
	for i := len(v.extents) - 1; i >= 0; i-- {
		e := &v.extents[i]
		if lba-e.LBA >= uint64(e.Sectors) {
			continue
		}
		got := zeroSum
		if e.Kind.HasPayload() {
			b, err := log.Sector(uint64(e.At) + lba - e.LBA)
			if err != nil {
				unread = err
				continue
			}
			got = segment.Checksum(b)
		}
		if got == sum {
			return true, nil
		}
	}
	return false, unread
}

// Collector gathers the versions of all devices of a log that have a witness.
type Collector struct {
	geo  segment.Geometry
	dev  [segment.MaxDevices + 1]*Versions
	kept int
	most int
}

// NewCollector is for the log that s describes.
func NewCollector(s *segment.Super) *Collector {
	c := &Collector{geo: s.Geometry, most: maxVersions}
	for i := range s.Bindings {
		if b := &s.Bindings[i]; b.Witness != nil {
			c.dev[b.ID] = &Versions{filter: newFilter(b.Witness), of: b.Witness, givenUp: b.GivenUp}
		}
	}
	return c
}

// Add takes in the next record of the log; it is a callback for [segment.Recover].
func (c *Collector) Add(r *segment.Record) {
	at := r.PayloadSector(c.geo)
	for i := range int(r.Extents) {
		e := segment.Placed{Extent: r.Extent(i), At: at}
		c.Place(r.Seq, &e)
		if e.Kind.HasPayload() {
			at += int64(e.Sectors)
		}
	}
}

// Place takes in one extent of a record.
func (c *Collector) Place(seq uint64, e *segment.Placed) {
	if v := c.dev[e.Device]; v != nil && v.passes(e.LBA, uint64(e.Sectors)) {
		c.keep(v, seq, e)
	}
}

func (c *Collector) keep(v *Versions, seq uint64, e *segment.Placed) {
	switch {
	case seq <= v.givenUp || !Covers(v.of, e.LBA, uint64(e.Sectors)):
	case c.kept == c.most:
		v.lose(e.LBA, uint64(e.Sectors))
	default:
		v.extents = append(v.extents, *e)
		c.kept++
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
	if lba < f.head || lba+n > f.tail {
		return true
	}
	first, last := lba/filterBlock, (lba+n-1)/filterBlock
	if first == last {
		return f.bits[first/64%64]>>(first%64)&1 != 0
	}
	i, _ := slices.BinarySearch(f.sorted, first)
	return i < len(f.sorted) && f.sorted[i] <= last
}
