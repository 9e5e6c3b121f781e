package manager

import (
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
)

// This file makes messages of what the packages below know. Where the fields
// are the same a conversion does, and a field that is added below does not
// compile until it is decided what becomes of it.

func logOf(s logcache.Status) control.Log             { return control.Log(s) }
func bypassOf(s logcache.BypassStatus) control.Bypass { return control.Bypass(s) }
func migrationOf(s migrate.Status) control.Migration  { return control.Migration(s) }
func sectorsOf(p *segment.Placed, name string) control.Sectors {
	return control.Sectors{Device: int(p.Device), Name: name, LBA: p.LBA, Sectors: uint64(p.Sectors)}
}

func badRecordOf(b *segment.BadRecord) control.BadRecord {
	r := control.BadRecord{
		Segment: b.Segment, Seq: b.Seq, Offset: b.Offset, Payload: b.Payload, Sectors: b.Sectors, Chunks: b.Chunks, Reason: b.Reason,
		Lost: make([]control.Extent, len(b.Lost)),
	}
	for i, p := range b.Lost {
		r.Lost[i] = control.Extent{Device: p.Device, Kind: uint8(p.Kind), LBA: p.LBA, Sectors: p.Sectors, At: p.At}
	}
	return r
}

// badRecord is what badRecordOf was made of.
func badRecord(r *control.BadRecord) segment.BadRecord {
	b := segment.BadRecord{
		Segment: r.Segment, Seq: r.Seq, Offset: r.Offset, Payload: r.Payload, Sectors: r.Sectors, Chunks: r.Chunks, Reason: r.Reason,
		Lost: make([]segment.Placed, len(r.Lost)),
	}
	for i, e := range r.Lost {
		b.Lost[i] = segment.Placed{Extent: segment.Extent{Device: e.Device, Kind: segment.Kind(e.Kind), LBA: e.LBA, Sectors: e.Sectors}, At: e.At}
	}
	return b
}
