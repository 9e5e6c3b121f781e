package inspect

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// ErrRange is returned for a place that no log has.
var ErrRange = errors.New("no such place")

// recordFixed is how long a header is before its extents.
var recordFixed = segment.HeaderBytes(0, 0)

// DumpRecord dumps the record at a sector of a segment, whole or not.
func (m *Image) DumpRecord(id uint64, sector uint32) (Section, error) {
	if err := m.checkPlace(id, sector); err != nil {
		return Section{}, err
	}
	section, _ := m.dumpRecord(id, sector)
	return section, nil
}

// DumpSegment dumps the records of a segment, each place where one is expected
// and is not, and what valid records follow behind that.
func (m *Image) DumpSegment(id uint64) ([]Section, error) {
	if err := m.checkPlace(id, 0); err != nil {
		return nil, err
	}
	var out []Section
	for pos := uint32(0); pos < m.super.Geometry.SegmentSectors(); {
		section, r := m.dumpRecord(id, pos)
		out = append(out, section)
		if r != nil {
			pos = r.End()
		} else {
			pos = m.nextRecord(id, pos)
		}
	}
	return out, nil
}

// nextRecord is where the next valid record of a segment lies behind a place
// that has none; the segment's end if there is no more.
func (m *Image) nextRecord(id uint64, pos uint32) uint32 {
	g := m.super.Geometry
	slot := make([]byte, g.SegmentSize)
	m.read(slot, m.place(id, 0))
	for pos += g.RecordSectors(); pos < g.SegmentSectors(); pos += g.RecordSectors() {
		if _, err := segment.ParseRecord(slot[int(pos)*segment.SectorSize:], g, m.super.Nonce, id, pos); err == nil {
			break
		}
	}
	return pos
}

// checkPlace refuses what cannot be in the log at all.
func (m *Image) checkPlace(id uint64, sector uint32) error {
	if m.err != nil {
		return m.err
	}
	g := m.super.Geometry
	switch {
	case id == 0:
		return fmt.Errorf("%w: segment ids start at 1", ErrRange)
	case sector >= g.SegmentSectors():
		return fmt.Errorf("%w: a segment has %d sectors, there is no sector %d", ErrRange, g.SegmentSectors(), sector)
	case sector%g.RecordSectors() != 0:
		return fmt.Errorf("%w: records start at multiples of %d sectors, not at %d", ErrRange, g.RecordSectors(), sector)
	}
	return nil
}

// dumpRecord dumps the header at a place, and returns it if it is valid.
func (m *Image) dumpRecord(id uint64, sector uint32) (Section, *segment.Record) {
	g := m.super.Geometry
	p := m.place(id, sector)
	b := make([]byte, min(segment.MaxHeaderSectors, int(g.SegmentSectors()-sector))*segment.SectorSize)
	m.read(b, p)
	k := &cutter{base: p.Offset, b: b}
	k.section.Title = "record at " + p.String()
	r, err := segment.ParseRecord(b, g, m.super.Nonce, id, sector)
	if bad := m.r.failed(p.Offset, segment.SectorSize); bad != nil {
		err = bad
	}
	if err != nil {
		k.section.Problem = err.Error()
	}
	if err != nil && string(b[:4]) != recordMagic {
		k.b = b[:g.BlockSize]
		k.field(16, "no record", nil, "")
		return k.section, nil
	}
	k.b = b[:min(len(b), max(int(rawHeader(b).headerSectors()), 1)*segment.SectorSize)]
	k.header()
	k.extents(rawHeader(b))
	if err != nil {
		return k.section, nil
	}
	k.section.Fields = append(k.section.Fields, m.payload(&r))
	return k.section, &r
}

func (k *cutter) header() {
	k.field(4, "magic", text, "of a record")
	k.field(4, "checksum", hexadecimal, "CRC32C of the header")
	k.field(8, "nonce", hexadecimal, "of the log")
	k.field(8, "epoch", number, "the log's at the time")
	k.field(8, "segment", number, "id")
	k.field(8, "sequence", number, "of the record")
	k.field(8, "durable_seq", number, "records up to it were durable")
	k.field(4, "position", number, "of this header in its slot, in sectors")
	k.field(4, "prev_end", number, "where the previous segment ends, in sectors")
	k.field(4, "payload", number, "sectors")
	k.field(2, "header", number, "sectors")
	k.field(2, "extents", number, "how many follow")
	k.field(2, "flags", number, "")
	if rawHeader(k.b).barrier() {
		k.last("barrier")
	}
	k.reserved(recordFixed)
}

// extents takes the extents with their checksums, as far as they fit the header.
func (k *cutter) extents(h rawHeader) {
	at := uint64(h.headerSectors())
	for i := range int(h.extents()) {
		if segment.HeaderBytes(i+1, 0) > len(k.b) {
			k.section.Fields = append(k.section.Fields, Field{Offset: k.base + int64(k.at), Name: "the other extents do not fit the header"})
			return
		}
		e := h.extent(i)
		k.field(12, fmt.Sprintf("extent %d", i), func([]byte) any { return kindName(e.Kind) },
			fmt.Sprintf("device %d, %s", e.Device, Range{e.LBA, uint64(e.Sectors)}))
		if e.Kind.HasPayload() {
			meaning := &k.section.Fields[len(k.section.Fields)-1].Meaning
			*meaning += fmt.Sprintf(", data at sector %d of the record, byte %d", at, k.base+int64(at)*segment.SectorSize)
			at += uint64(e.Sectors)
		}
	}
	for i := 0; i*segment.ChunkSectors < int(h.payloadSectors()) && k.at < len(k.b); i++ {
		k.field(4, fmt.Sprintf("checksum %d", i), hexadecimal, fmt.Sprintf("payload sectors from %d", i*segment.ChunkSectors))
	}
	k.reserved(len(k.b))
}

func kindName(k segment.Kind) string {
	switch k {
	case segment.Data:
		return "data"
	case segment.Discard:
		return "discard"
	case segment.Zeroes:
		return "zeroes"
	case segment.Invalidate:
		return "invalidate"
	case segment.Clean:
		return "clean"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// payload is a line without bytes that tells whether a record's data is whole.
func (m *Image) payload(r *segment.Record) Field {
	rec := m.record(r)
	b := m.readRecord(nil, &rec)
	f := Field{
		Offset: rec.Offset + int64(r.HeaderSectors)*segment.SectorSize, Name: "payload", Value: Count(int(r.PayloadSectors), "sector"),
		Meaning: "whole: all checksums fit",
	}
	if bad, reason := badChunks(b, &rec); reason != nil {
		f.Meaning = fmt.Sprintf("NOT WHOLE: %s of 4 KiB, the first: %v", Count(len(bad), "piece"), reason)
	}
	return f
}
