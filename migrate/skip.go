package migrate

import (
	"cmp"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// skips are the damaged parts of the log that migration may leave out, because
// an operator has seen what is lost. Whatever else goes bad is damage as ever.
type skips struct{ bySeq []segment.BadRecord }

// Skip has later batches leave out what is bad in these records, and no more. It
// replaces what was said before.
func (m *Migrator) Skip(list []segment.BadRecord) {
	m.skips.bySeq = slices.Clone(list)
	slices.SortFunc(m.skips.bySeq, func(a, b segment.BadRecord) int { return cmp.Compare(a.Seq, b.Seq) })
}

// find is what may be left out of a record, or nil.
func (s *skips) find(seq uint64) *segment.BadRecord {
	i, ok := slices.BinarySearchFunc(s.bySeq, seq, func(b segment.BadRecord, seq uint64) int { return cmp.Compare(b.Seq, seq) })
	if !ok {
		return nil
	}
	return &s.bySeq[i]
}

// check verifies a record's payload but for what may be left out.
func (s *skips) check(r *segment.Record, payload []byte) error {
	bad := s.find(r.Seq)
	if bad == nil {
		return r.VerifyPayload(payload)
	}
	chunks, reason := r.BadChunks(payload)
	for _, c := range chunks {
		if !slices.Contains(bad.Chunks, c) {
			return reason
		}
	}
	return nil
}

// sound appends what is left of an extent of a record, whose version is v.
func (s *skips) sound(dst []version, seq uint64, e *segment.Placed, v version) []version {
	bad := s.find(seq)
	if bad == nil {
		return append(dst, v)
	}
	bad.Sound(e, func(from, to uint64) { dst = append(dst, v.cut(from, to)) })
	return dst
}

// around calls read for the parts [from, to) of a segment's image, in bytes, that
// are not left out. Those that are may be what cannot be read.
func (s *skips) around(id uint64, image []byte, read func(from, to int)) {
	at := 0
	for i := range s.bySeq {
		bad := &s.bySeq[i]
		if bad.Segment != id {
			continue
		}
		for _, c := range bad.Chunks {
			from, to := bad.Chunk(c)
			lo, hi := int(from)*segment.SectorSize, int(to)*segment.SectorSize
			clear(image[lo:hi])
			if at < lo {
				read(at, lo)
			}
			at = hi
		}
	}
	if at < len(image) {
		read(at, len(image))
	}
}
