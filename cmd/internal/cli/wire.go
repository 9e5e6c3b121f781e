package cli

import (
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// This file makes messages of what a look at a cache without a server has
// found. Where the fields are the same a conversion does, and a field that is
// added below does not compile until it is decided what becomes of it; a test
// holds the rest to that.

// listOf converts each of a list. JSON has a list, if an empty one.
func listOf[A, B any](in []A, one func(*A) B) []B {
	out := make([]B, len(in))
	for i := range in {
		out[i] = one(&in[i])
	}
	return out
}

func placeOf(p *inspect.Place) *control.Place {
	if p == nil {
		return nil
	}
	out := control.Place(*p)
	return &out
}

func rangeOf(r *inspect.Range) control.Range { return control.Range(*r) }

func checkOf(r *inspect.Report) *control.Check {
	return &control.Check{
		State: control.LogState(r.State), Superblocks: [2]control.Superblock{control.Superblock(r.Superblocks[0]), control.Superblock(r.Superblocks[1])},
		UUID: r.UUID, Label: r.Label, DeviceBytes: r.DeviceBytes, BlockBytes: r.BlockBytes, AlignBytes: r.AlignBytes,
		SegmentBytes: r.SegmentBytes, Slots: r.Slots, LogOffset: r.LogOffset, Epoch: r.Epoch, Clean: r.Clean,
		LastMigrated: r.LastMigrated, MigratedSeq: r.MigratedSeq, StatedSeq: r.StatedSeq, DurableSeq: r.DurableSeq, LastSeq: r.LastSeq,
		Records: r.Records, Resumable: r.Resumable, Verified: r.Verified,
		Devices: listOf(r.Devices, boundDeviceOf), Segments: listOf(r.Segments, segmentOf), Torn: r.Torn, End: placeOf(r.End),
		Damage: listOf(r.Damage, damagePlaceOf), Unreadable: listOf(r.Unreadable, func(s *string) string { return *s }), Doubt: r.Doubt,
	}
}

func boundDeviceOf(d *inspect.DeviceReport) control.BoundDevice {
	return control.BoundDevice{
		ID: d.ID, Name: d.Name, State: d.State, UUID: d.UUID, Sectors: d.Sectors, Fingerprint: d.Fingerprint,
		GivenUp: d.GivenUp, Ignored: d.Ignored, Witness: d.Witness, Extents: d.Extents, Dirty: d.Dirty,
		Lost: listOf(d.Lost, rangeOf), LostExact: d.LostExact,
	}
}

func segmentOf(s *inspect.SegmentReport) control.Segment {
	return control.Segment{Place: control.Place(s.Place), Records: s.Records, FirstSeq: s.FirstSeq, LastSeq: s.LastSeq, Epoch: s.Epoch, End: s.End}
}

func damagePlaceOf(d *inspect.DamageReport) control.DamagePlace {
	held := func(h *inspect.Held) control.Held { return control.Held{Device: h.Device, Range: rangeOf(&h.Range)} }
	return control.DamagePlace{
		Place: control.Place(d.Place), Kind: control.DamageKind(d.Kind), FirstSeq: d.FirstSeq, LastSeq: d.LastSeq, Reason: d.Reason,
		Held: listOf(d.Held, held), Guessed: d.Guessed, Unknown: d.Unknown, Next: placeOf(d.Next),
	}
}

func sectionOf(s *inspect.Section) control.Section {
	field := func(f *inspect.Field) control.Field {
		return control.Field{Offset: f.Offset, Bytes: control.Bytes(f.Bytes), Name: f.Name, Value: f.Value, Meaning: f.Meaning}
	}
	return control.Section{Title: s.Title, Problem: s.Problem, Fields: listOf(s.Fields, field)}
}

func blockOf(b *inspect.Block) *control.Block {
	version := func(v *inspect.Version) control.Version {
		return control.Version{
			Record: control.Place(v.Record), Seq: v.Seq, Epoch: v.Epoch, Durable: v.Durable, Kind: v.Kind, Extent: rangeOf(&v.Extent),
			Offset: v.Offset, Problem: v.Problem, Behind: v.Behind, Contents: control.Bytes(v.Contents),
		}
	}
	return &control.Block{Device: b.Device, LBA: b.LBA, Versions: listOf(b.Versions, version)}
}

func replayOf(r *PlanReport) *control.Replay {
	return &control.Replay{
		Device: r.Device, Name: r.Name, Target: r.Target, DryRun: r.DryRun, Records: r.Records, LeftOut: r.LeftOut, Sectors: r.Sectors,
		Extents: listOf(r.Extents, rangeOf), GivenUp: r.GivenUp, Lost: listOf(r.Lost, rangeOf), LostExact: r.LostExact,
	}
}
