package inspect

import (
	"github.com/ublk-lc/ublk-lc/segment"
)

// bridge goes on behind the place where recovery stopped: it takes the records
// there that are whole, and notes the gaps between them as damage.
//
// One thing cannot be told any more: when a resume had dropped records, and
// every record that was written over them since is lost, the dropped ones look
// like survivors.
func (l *Log) bridge(d *segment.DamageError) {
	g := l.Super.Geometry
	at := l.Image.place(d.Segment, uint32((d.Offset-g.SlotOffset(d.Slot))/segment.SectorSize))
	found := credible(l.candidates(at, d.Seq), l.epoch())
	for i := range found {
		l.Durable = max(l.Durable, found[i].Header.DurableSeq)
	}
	next := d.Seq
	for i := range found {
		r := &found[i]
		if r.Header.Seq != next {
			if next > l.Durable {
				l.Torn = true
				return
			}
			l.gap(at, next, r.Header.Seq-1, &r.Place)
		}
		l.Records = append(l.Records, *r)
		at, next = l.Image.place(r.Segment, r.Header.End()), r.Header.Seq+1
	}
	if next <= l.Durable {
		l.gap(at, next, l.Durable, nil)
	}
}

// epoch is that of the run's last record.
func (l *Log) epoch() uint64 {
	if n := len(l.Records); n > 0 {
		return l.Records[n-1].Header.Epoch
	}
	return 0
}

// candidates are the valid records behind a place, in the order of the log,
// with a sequence above seq, of which nothing says that they were dropped.
func (l *Log) candidates(from Place, seq uint64) []Record {
	m, g := l.Image, l.Super.Geometry
	var out []Record
	slot := make([]byte, g.SegmentSize)
	pos := from.Sector
	for id := from.Segment; id <= l.Super.LastMigrated+g.Slots; id++ {
		m.read(slot, m.place(id, 0))
		next := m.head(id + 1)
		for pos < g.SegmentSectors() {
			r, err := segment.ParseRecord(slot[int(pos)*segment.SectorSize:], g, l.Super.Nonce, id, pos)
			if err != nil {
				pos += g.RecordSectors()
				continue
			}
			dropped := r.Seq > l.Super.EpochSeq && r.Epoch < l.Super.Epoch ||
				next != nil && next.Epoch >= r.Epoch && r.End() > next.PrevEnd
			if r.Seq > seq && !dropped {
				out = append(out, m.record(&r))
			}
			pos = r.End()
		}
		pos = 0
	}
	return out
}

// head is the first header of a segment, or nil.
func (m *Image) head(id uint64) *segment.Header {
	b := make([]byte, min(segment.MaxHeaderSectors*segment.SectorSize, int(m.super.Geometry.SegmentSize)))
	m.read(b, m.place(id, 0))
	r, err := segment.ParseRecord(b, m.super.Geometry, m.super.Nonce, id, 0)
	if err != nil {
		return nil
	}
	return &r.Header
}

// credible leaves out what other records contradict: along the log epochs never
// fall and sequences rise, and where two records disagree the later epoch is right.
func credible(rs []Record, epoch uint64) []Record {
	rising := rs[:0]
	for _, r := range rs {
		if r.Header.Epoch >= epoch {
			epoch = r.Header.Epoch
			for n := len(rising); n > 0 && rising[n-1].Header.Seq >= r.Header.Seq; n-- {
				rising = rising[:n-1]
			}
			rising = append(rising, r)
		}
	}
	return rising
}

// gap notes that records first to last, from a place on, are not there.
func (l *Log) gap(at Place, first, last uint64, next *Place) {
	d := Damage{Place: at, Kind: DamagedHeader, FirstSeq: first, LastSeq: last, Index: len(l.Records), Next: next}
	d.Reason = l.reason(at)
	d.Unknown = last - first + 1
	for seq := first; seq <= last; seq++ {
		r := l.guess(at, seq)
		if r == nil && at.Sector != 0 && at.Segment < l.Super.LastMigrated+l.Super.Geometry.Slots {
			// It may be the head of the next segment that is gone: nothing then
			// says where this one ends.
			at = l.Image.place(at.Segment+1, 0)
			r = l.guess(at, seq)
		}
		if r == nil {
			break
		}
		d.Guessed = true
		d.Unknown--
		for _, e := range r.Extents {
			d.Lost = append(d.Lost, e.Extent)
		}
		at = l.Image.place(r.Segment, r.Header.End())
	}
	l.Damage = append(l.Damage, d)
}

// reason is why there is no record at a place.
func (l *Log) reason(at Place) error {
	b, err := l.header(at)
	if err != nil {
		return err
	}
	if _, err := segment.ParseRecord(b, l.Super.Geometry, l.Super.Nonce, at.Segment, at.Sector); err != nil {
		return err
	}
	return errOtherPast
}

// header reads as much as the header at a place may have.
func (l *Log) header(at Place) ([]byte, error) {
	n := min(segment.MaxHeaderSectors, int(l.Super.Geometry.SegmentSectors()-at.Sector)) * segment.SectorSize
	b := make([]byte, n)
	l.Image.read(b, at)
	return b, l.Image.r.failed(at.Offset, int64(min(n, segment.SectorSize)))
}

// guess reads a header whose checksum is wrong. What is known of it anyway is
// put right; it counts only if nearly all of that was right, and if the rest
// makes sense.
func (l *Log) guess(at Place, seq uint64) *Record {
	g, nonce := l.Super.Geometry, l.Super.Nonce
	b, err := l.header(at)
	if err != nil || len(b) == 0 {
		return nil
	}
	if _, err := segment.ParseRecord(b, g, nonce, at.Segment, at.Sector); err == nil {
		return nil // not damaged, so it is of an abandoned past
	}
	size := int(rawHeader(b).headerSectors()) * segment.SectorSize
	if size == 0 || size > len(b) || rawHeader(b).correct(nonce, at, seq) > 1 {
		return nil
	}
	r, err := segment.ParseRecord(b, g, nonce, at.Segment, at.Sector)
	if err != nil {
		return nil
	}
	rec := l.Image.record(&r)
	for _, e := range rec.Extents {
		if bound(l.Super, e.Extent) != nil {
			return nil
		}
	}
	return &rec
}
