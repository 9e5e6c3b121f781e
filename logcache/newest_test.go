package logcache

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ublk-lc/ublk-lc/segment"
)

// TestNewest: of what the log holds, that which nothing newer has replaced, in
// as few runs as there are.
func TestNewest(t *testing.T) {
	r := newRig(t)
	write := func(lba uint64, sectors uint32) segment.Placed {
		q := &Request{Op: Write, LBA: lba, Sectors: sectors, Buf: make([]byte, sectors*512), Volume: r.v}
		r.p.Submit(q)
		at := r.c.geo.SlotSector(r.c.cur.slot) + int64(r.c.cur.rec.next()) - int64(sectors)
		r.do(Flush, 0, false)
		return segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Data, LBA: lba, Sectors: sectors}, At: at}
	}
	long := write(4, 24) // parts of four blocks
	part := func(lba uint64, sectors uint32) segment.Placed {
		p := long
		p.LBA, p.At, p.Sectors = lba, long.At+int64(lba-long.LBA), sectors
		return p
	}
	check := func(what string, of []segment.Placed, want ...segment.Placed) {
		t.Helper()
		if diff := cmp.Diff(want, r.c.Newest(of)); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	check("all of it", []segment.Placed{long}, long)
	whole := write(8, 8)
	check("a whole block is newer", []segment.Placed{long}, part(4, 4), part(16, 12))
	write(17, 2)
	check("and two sectors", []segment.Placed{long}, part(4, 4), part(16, 1), part(19, 9))
	check("of two", []segment.Placed{whole, part(24, 4)}, whole, part(24, 4))
	r.c.Forget([]segment.Placed{long})
	check("it is migrated", []segment.Placed{long})
	check("another is not", []segment.Placed{whole}, whole)
}
