package migrate

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// version is one logged extent of a batch. A higher order is newer.
type version struct {
	segment.Extent
	order int
	data  []byte // nil of an extent without payload
}

func (v *version) end() uint64 { return v.LBA + uint64(v.Sectors) }

// cut is what sectors [from, to) hold.
func (v *version) cut(from, to uint64) version {
	c := version{Extent: v.Extent, order: v.order}
	c.LBA, c.Sectors = from, uint32(to-from)
	if v.data != nil {
		c.data = v.data[(from-v.LBA)*segment.SectorSize : (to-v.LBA)*segment.SectorSize]
	}
	return c
}

// newestFirst is a heap of versions that overlap the sweep's position.
type newestFirst []*version

func (h newestFirst) Len() int           { return len(h) }
func (h newestFirst) Less(i, j int) bool { return h[i].order > h[j].order }
func (h newestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *newestFirst) Push(x any)        { *h = append(*h, x.(*version)) }
func (h *newestFirst) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// newest calls emit, in the order of (device, LBA), with disjoint pieces that
// cover every sector of vs once, in its newest version. It reorders vs.
func newest(vs []version, emit func(version)) {
	slices.SortFunc(vs, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.LBA, b.LBA), cmp.Compare(a.order, b.order))
	})
	for len(vs) > 0 {
		n := 1
		for n < len(vs) && vs[n].Device == vs[0].Device {
			n++
		}
		sweep(vs[:n], emit)
		vs = vs[n:]
	}
}

// sweep goes over the versions of one device, sorted by LBA.
func sweep(vs []version, emit func(version)) {
	var active newestFirst
	at := uint64(0)
	for len(vs) > 0 || len(active) > 0 {
		if len(active) == 0 {
			at = max(at, vs[0].LBA)
		}
		for len(vs) > 0 && vs[0].LBA <= at {
			heap.Push(&active, &vs[0])
			vs = vs[1:]
		}
		top := active[0]
		if top.end() <= at {
			heap.Pop(&active)
			continue
		}
		to := top.end()
		if len(vs) > 0 {
			to = min(to, vs[0].LBA)
		}
		emit(top.cut(at, to))
		at = to
	}
}
