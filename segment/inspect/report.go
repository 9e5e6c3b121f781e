package inspect

import (
	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/segment"
)

// Report is a survey in words and numbers, for people and for programs.
type Report struct {
	State        State
	Superblocks  [2]CopyReport
	UUID         string
	Label        string
	DeviceBytes  uint64
	BlockBytes   uint32
	AlignBytes   uint32 // records start and end on it
	SegmentBytes uint32
	Slots        uint64
	LogOffset    uint64
	Epoch        uint64
	Clean        bool
	LastMigrated uint64
	MigratedSeq  uint64
	StatedSeq    uint64
	DurableSeq   uint64
	LastSeq      uint64
	Records      int
	Resumable    int // before damage in a header
	Verified     bool
	Devices      []DeviceReport
	Segments     []SegmentReport
	Torn         bool
	End          *Place // behind the last record
	Damage       []DamageReport
	Unreadable   []string
	Doubt        string // where the log ends, what cannot be read
}

// State is the verdict on a log.
type State string

// The verdicts. Only damage is bad: a cache that was not shut down is as sound.
const (
	Clean   State = "clean"    // shut down, and whole
	Whole   State = "whole"    // not shut down; nothing was cut off
	Torn    State = "torn"     // not shut down; what no barrier covered was cut off
	Doubt   State = "doubtful" // the log ends where it cannot be read
	Damaged State = "damaged"

	// Replaced is for who knows what else is on the device; a survey does not.
	Replaced State = "replaced" // another program has the device now
)

// CopyReport is one copy of the superblock.
type CopyReport struct {
	Offset     int64
	Generation uint64
	InForce    bool
	Problem    string
}

// DeviceReport is a bound device and what the log holds of it.
type DeviceReport struct {
	ID          uint8
	Name        string
	State       string
	UUID        string
	Sectors     uint64
	Fingerprint uint64
	GivenUp     uint64 // extents in records up to this sequence count no more
	Ignored     int
	Witness     bool   // the log knows what some places of the backing hold
	Extents     int    // logged, and not given up
	Dirty       uint64 // each counted once
	Lost        []Range
	LostExact   bool
}

// SegmentReport is a segment of the log.
type SegmentReport struct {
	Place
	Records  int
	FirstSeq uint64
	LastSeq  uint64
	Epoch    uint64
	End      uint32 // sectors of the slot in use
}

// DamageReport is a [Damage].
type DamageReport struct {
	Place
	Kind     DamageKind
	FirstSeq uint64
	LastSeq  uint64
	Reason   string
	Held     []Held
	Guessed  bool
	Unknown  uint64
	Next     *Place
}

// Held is what a damaged place held. Newer records may hold it as well.
type Held struct {
	Device uint8
	Range
}

// Report puts a survey together.
func (l *Log) Report() *Report {
	s, g := l.Super, l.Super.Geometry
	r := &Report{
		State: l.state(), UUID: uuid.UUID(s.UUID).String(), Label: s.Label, DeviceBytes: s.DeviceSize, BlockBytes: g.BlockSize, AlignBytes: g.RecordSectors() * segment.SectorSize,
		SegmentBytes: g.SegmentSize, Slots: g.Slots, LogOffset: g.LogOffset, Epoch: s.Epoch, Clean: s.Clean, LastMigrated: s.LastMigrated,
		MigratedSeq: s.MigratedSeq, StatedSeq: s.DurableSeq, DurableSeq: l.Durable, LastSeq: l.Last(), Records: len(l.Records),
		Resumable: l.Run, Verified: l.Verified, Torn: l.Torn, Segments: l.segments(), Damage: []DamageReport{}, Unreadable: []string{},
	}
	for i := range l.Image.Copies {
		r.Superblocks[i] = l.Image.Copies[i].report()
	}
	r.Devices = l.devices()
	if n := len(l.Records); n > 0 {
		last := &l.Records[n-1]
		end := l.Image.place(last.Segment, last.Header.End())
		r.End = &end
	}
	for i := range l.Damage {
		r.Damage = append(r.Damage, l.Damage[i].report())
	}
	for i := range l.Unreadable {
		r.Unreadable = append(r.Unreadable, l.Unreadable[i].String())
	}
	if l.Doubt != nil {
		r.Doubt = l.Doubt.Error()
	}
	return r
}

func (l *Log) state() State {
	switch {
	case l.Damaged():
		return Damaged
	case l.Doubt != nil:
		return Doubt
	case l.Torn:
		return Torn
	case l.Super.Clean && l.Last() == l.Super.DurableSeq:
		return Clean
	}
	return Whole
}

func (c *Copy) report() CopyReport {
	r := CopyReport{Offset: c.Offset, InForce: c.InForce}
	if c.Super != nil {
		r.Generation = c.Super.Generation
	}
	if c.Err != nil {
		r.Problem = c.Err.Error()
	}
	return r
}

func (l *Log) devices() []DeviceReport {
	out := []DeviceReport{}
	for _, b := range l.Super.Bindings {
		d := DeviceReport{
			ID: b.ID, Name: b.Name, State: stateName(b.State), UUID: uuid.UUID(b.UUID).String(), Sectors: b.Sectors, Fingerprint: b.Fingerprint,
			GivenUp: b.GivenUp, Witness: b.Witness != nil,
		}
		var dirty []Range
		for i := range l.Records {
			for _, e := range l.Records[i].Extents {
				switch {
				case e.Device != b.ID:
				case l.Image.given.Covers(b.ID, l.Records[i].Header.Seq):
					d.Ignored++
				default:
					d.Extents++
				}
			}
			dirty = append(dirty, l.Records[i].good(b.ID)...)
		}
		d.Dirty = Total(union(dirty))
		d.Lost, d.LostExact = l.Lost(b.ID)
		d.Lost = append([]Range{}, d.Lost...) // JSON has a list, if an empty one
		out = append(out, d)
	}
	return out
}

func stateName(s segment.BindingState) string {
	switch s {
	case segment.Attached:
		return "attached"
	case segment.Detached:
		return "detached"
	}
	return "unknown"
}

func (l *Log) segments() []SegmentReport {
	out := []SegmentReport{}
	for i := range l.Records {
		r := &l.Records[i]
		if n := len(out); n == 0 || out[n-1].Segment != r.Segment {
			out = append(out, SegmentReport{Place: l.Image.place(r.Segment, 0), FirstSeq: r.Header.Seq, Epoch: r.Header.Epoch})
		}
		s := &out[len(out)-1]
		s.Records++
		s.LastSeq, s.End = r.Header.Seq, r.Header.End()
	}
	return out
}

func (d *Damage) report() DamageReport {
	r := DamageReport{
		Place: d.Place, Kind: d.Kind, FirstSeq: d.FirstSeq, LastSeq: d.LastSeq, Reason: d.Reason.Error(), Held: []Held{},
		Guessed: d.Guessed, Unknown: d.Unknown, Next: d.Next,
	}
	for _, e := range d.Lost {
		r.Held = append(r.Held, Held{e.Device, Range{e.LBA, uint64(e.Sectors)}})
	}
	return r
}
