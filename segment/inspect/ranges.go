package inspect

import (
	"cmp"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Range is a run of sectors of one device.
type Range struct {
	LBA     uint64
	Sectors uint64
}

func (r Range) end() uint64 { return r.LBA + r.Sectors }

// Total is how many sectors ranges have.
func Total(rs []Range) uint64 {
	var n uint64
	for _, r := range rs {
		n += r.Sectors
	}
	return n
}

func rangesOf(es []segment.Extent, device uint8) []Range {
	var out []Range
	for _, e := range es {
		if e.Device == device {
			out = append(out, Range{e.LBA, uint64(e.Sectors)})
		}
	}
	return out
}

// union sorts ranges and merges what overlaps or touches. It works in place.
func union(rs []Range) []Range {
	slices.SortFunc(rs, func(a, b Range) int { return cmp.Compare(a.LBA, b.LBA) })
	out := rs[:0]
	for _, r := range rs {
		if n := len(out); n > 0 && r.LBA <= out[n-1].end() {
			out[n-1].Sectors = max(out[n-1].end(), r.end()) - out[n-1].LBA
			continue
		}
		out = append(out, r)
	}
	return out
}

// subtract is a without b, both as union returns them.
func subtract(a, b []Range) []Range {
	var out []Range
	for _, r := range a {
		for len(b) > 0 && b[0].end() <= r.LBA {
			b = b[1:]
		}
		at := r.LBA
		for i := 0; i < len(b) && b[i].LBA < r.end(); i++ {
			if b[i].LBA > at {
				out = append(out, Range{at, b[i].LBA - at})
			}
			at = max(at, b[i].end())
		}
		if at < r.end() {
			out = append(out, Range{at, r.end() - at})
		}
	}
	return out
}
