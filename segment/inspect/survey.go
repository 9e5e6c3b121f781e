package inspect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Options say how far a survey goes.
type Options struct {
	Payload  bool                     // verify the payload of all records
	Progress func(done, total uint64) // records verified; may be nil
}

// Survey reads the whole log, as a resume would do first, and then behind
// damage. It fails when there is no superblock, or when ctx ends.
func (m *Image) Survey(ctx context.Context, o Options) (*Log, error) {
	if m.err != nil {
		return nil, m.err
	}
	l := &Log{Image: m, Super: m.super, Verified: o.Payload}
	rec, err := segment.Recover(strict{m.r}, m.super, func(r *segment.Record) { l.Records = append(l.Records, m.record(r)) })
	var damage *segment.DamageError
	switch {
	case err == nil:
	case errors.As(err, &damage):
	default:
		return nil, err
	}
	l.Run, l.Durable, l.Torn, l.Doubt = len(l.Records), rec.Durable, rec.Dropped, rec.Doubt
	if damage != nil {
		l.Torn, l.Doubt = false, nil // what Recover dropped lies behind the damage
		l.bridge(damage)
	}
	if err := l.verify(ctx, o); err != nil {
		return nil, err
	}
	for _, u := range m.r.bad { // of the superblock its copies tell
		if u.Offset+u.Length > int64(m.super.Geometry.LogOffset) {
			l.Unreadable = append(l.Unreadable, u)
		}
	}
	return l, nil
}

// record keeps what a survey needs of a header.
func (m *Image) record(r *segment.Record) Record {
	out := Record{Place: m.place(r.Segment, r.Position), Header: r.Header}
	out.Extents = r.AppendPlaced(make([]segment.Placed, 0, r.Extents), m.super.Geometry)
	for _, e := range out.Extents {
		if m.given.Covers(e.Device, r.Seq) {
			out.Bad = append(out.Bad, e.Extent)
		}
	}
	return out
}

// verify looks at what headers alone do not tell, and cuts the log at the first
// record above what was durable that is not whole.
func (l *Log) verify(ctx context.Context, o Options) error {
	gaps := l.Damage
	l.Damage = nil
	var buf []byte
	for i := range l.Records {
		if err := ctx.Err(); err != nil {
			return err
		}
		r := &l.Records[i]
		for len(gaps) > 0 && gaps[0].Index <= i {
			l.Damage, gaps = append(l.Damage, gaps[0]), gaps[1:]
		}
		l.checkExtents(i)
		if o.Payload || r.Header.Seq > l.Durable {
			buf = l.Image.readRecord(buf, r)
			if whole := l.checkPayload(i, buf); !whole && r.Header.Seq > l.Durable {
				l.Records, l.Torn = l.Records[:i], true
				l.Run = min(l.Run, i)
				return nil
			}
		}
		if o.Progress != nil {
			o.Progress(uint64(i+1), uint64(len(l.Records)))
		}
	}
	l.Damage = append(l.Damage, gaps...)
	return nil
}

// readRecord reads a record, header and payload, into buf or a longer one.
func (m *Image) readRecord(buf []byte, r *Record) []byte {
	n := int(r.Header.End()-r.Header.Position) * segment.SectorSize
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	m.read(buf[:n], r.Place)
	return buf[:n]
}

// checkExtents notes extents that no bound device has.
func (l *Log) checkExtents(i int) {
	r := &l.Records[i]
	d := Damage{Place: r.Place, Kind: DamagedExtent, FirstSeq: r.Header.Seq, LastSeq: r.Header.Seq, Index: i}
	for _, e := range r.Extents {
		if err := bound(l.Super, e.Extent); err != nil && !l.Image.given.Covers(e.Device, r.Header.Seq) {
			d.Reason = errors.Join(d.Reason, err)
			d.Lost = append(d.Lost, e.Extent)
		}
	}
	if d.Reason != nil {
		r.Bad = append(r.Bad, d.Lost...)
		l.Damage = append(l.Damage, d)
	}
}

// checkPayload compares record i, which was read into b, with its checksums.
// Above what was durable a record that is not whole is no damage.
func (l *Log) checkPayload(i int, b []byte) bool {
	r := &l.Records[i]
	bad, reason := badChunks(b, r)
	if reason == nil {
		return true
	}
	if r.Header.Seq > l.Durable {
		return false
	}
	if err := l.Image.r.failed(r.Offset, int64(len(b))); err != nil {
		reason = err
	}
	if len(bad) > 1 {
		reason = fmt.Errorf("%d pieces of 4 KiB, the first: %w", len(bad), reason)
	}
	lost := touched(r, bad)
	r.Bad = append(r.Bad, lost...)
	l.Damage = append(l.Damage, Damage{
		Place: r.Place, Kind: DamagedPayload, FirstSeq: r.Header.Seq, LastSeq: r.Header.Seq, Index: i, Reason: reason, Lost: lost,
	})
	return false
}

// badChunks tells which chunks of a record's payload do not match their
// checksums, and of the first what is wrong.
func badChunks(b []byte, r *Record) (bad []int, reason error) {
	sums := b[segment.HeaderBytes(int(r.Header.Extents), 0):]
	payload := b[int(r.Header.HeaderSectors)*segment.SectorSize:]
	const chunk = segment.ChunkSectors * segment.SectorSize
	for i := 0; i*chunk < len(payload); i++ {
		got := segment.Checksum(payload[i*chunk : min((i+1)*chunk, len(payload))])
		if want := binary.LittleEndian.Uint32(sums[4*i:]); got != want {
			bad = append(bad, i)
			if reason == nil {
				reason = &chunkError{i * segment.ChunkSectors, &segment.FieldError{Field: "checksum", Got: uint64(got), Want: uint64(want)}}
			}
		}
	}
	return bad, reason
}
