package witness

import "github.com/ublk-lc/ublk-lc/segment"

// Place is a kind of place that a witness has checksums of.
type Place uint8

// Kinds of places.
const (
	Head    Place = iota // the first sectors
	Tail                 // the last sectors
	Marks                // sectors that look like a superblock
	Samples              // sectors of the last batch that was migrated
	places
)

// words are what the places are called in a sentence.
var words = [places]string{"at its start", "at its end", "that are superblocks", "of those written last"}

// Scope is how much of a backing is witnessed, in sectors of each kind of place.
type Scope struct{ Head, Tail, Marks, Samples int }

// Default is the first 128 KiB, the last 64 KiB, and all the marks and samples
// that the format has room for.
var Default = Scope{256, 128, segment.MaxMarks, segment.MaxSamples}

// ends are how many sectors are witnessed at the start and at the end of a disk
// of that size. They never meet.
func (s Scope) ends(sectors uint64) (head, tail uint64) {
	head = min(uint64(s.Head), sectors)
	return head, min(uint64(s.Tail), sectors-head)
}

// tailStart is the first sector of the tail.
func tailStart(w *segment.Witness) uint64 { return w.Sectors - uint64(len(w.Tail)) }

// inEnds tells whether a sector lies in head or tail.
func inEnds(w *segment.Witness, lba uint64) bool {
	return lba < uint64(len(w.Head)) || lba >= tailStart(w) && lba < w.Sectors
}

// Covers tells whether any of n sectors from lba on is witnessed. A witness of
// nil covers nothing.
func Covers(w *segment.Witness, lba, n uint64) bool {
	if w == nil {
		return false
	}
	if lba < uint64(len(w.Head)) || lba+n > tailStart(w) && lba < w.Sectors {
		return true
	}
	for _, marks := range [2][]segment.Mark{w.Marks, w.Samples} {
		for i := range marks {
			if marks[i].LBA-lba < n { // wraps when it lies before
				return true
			}
		}
	}
	return false
}

// each calls f for every witnessed sector.
func each(w *segment.Witness, f func(p Place, lba uint64, sum uint32)) {
	for i, sum := range w.Head {
		f(Head, uint64(i), sum)
	}
	for i, sum := range w.Tail {
		f(Tail, tailStart(w)+uint64(i), sum)
	}
	for _, m := range w.Marks {
		f(Marks, m.LBA, m.Sum)
	}
	for _, m := range w.Samples {
		f(Samples, m.LBA, m.Sum)
	}
}
