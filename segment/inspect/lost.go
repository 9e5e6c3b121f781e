package inspect

import (
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// chunkError says where in a payload a checksum does not fit.
type chunkError struct {
	sector int
	err    error
}

func (e *chunkError) Error() string {
	return fmt.Sprintf("the 4 KiB from its sector %d on: %v", e.sector, e.err)
}
func (e *chunkError) Unwrap() error { return e.err }

// touched are the parts of a record's extents whose data lies in bad chunks,
// by whole blocks.
func touched(r *Record, bad []int) []segment.Extent {
	var out []segment.Extent
	for _, p := range segment.Touched(r.Extents, bad) {
		out = append(out, p.Extent)
	}
	return out
}

// Lost are the sectors of a device whose newest version lies in damage: what
// newer records hold is not lost, nor what was given up. exact tells whether
// all damage could be given an address, and none of it by guessing.
func (l *Log) Lost(device uint8) (lost []Range, exact bool) {
	exact = l.Doubt == nil
	at := len(l.Records)
	var newer []Range
	for i := len(l.Damage) - 1; i >= 0; i-- {
		d := &l.Damage[i]
		if l.Image.given.Covers(device, d.LastSeq) {
			break
		}
		// The damaged record itself is as old as what it lost; its good parts
		// are elsewhere.
		for ; at > d.Index; at-- {
			newer = append(newer, l.Records[at-1].good(device)...)
		}
		newer = union(newer)
		lost = append(lost, subtract(union(rangesOf(d.Lost, device)), newer)...)
		exact = exact && !d.Guessed && d.Unknown == 0
	}
	return union(lost), exact
}

// good are the sectors of a device that a record has sound data for.
func (r *Record) good(device uint8) []Range {
	var out []Range
	for _, e := range r.Extents {
		if e.Device == device {
			out = append(out, Range{e.LBA, uint64(e.Sectors)})
		}
	}
	return subtract(union(out), union(rangesOf(r.Bad, device)))
}
