package segment

import "fmt"

// BadRecord is a record whose payload is not, or not all, what its checksums say.
type BadRecord struct {
	Segment uint64
	Seq     uint64
	Offset  int64    // byte on the cache device where the record starts
	Payload uint32   // where its payload starts in the slot, in sectors
	Sectors uint32   // how long its payload is
	Chunks  []int    // of its payload that are bad, 4 KiB each
	Lost    []Placed // what was in them, by whole blocks
	Reason  string   // what is wrong with the first
}

func (b *BadRecord) String() string {
	return fmt.Sprintf("record %d of segment %d (byte %d): %s", b.Seq, b.Segment, b.Offset, b.Reason)
}

// Chunk is where a chunk of the payload lies in the slot: [from, to) in sectors.
func (b *BadRecord) Chunk(i int) (from, to uint32) {
	from = uint32(i) * ChunkSectors
	return b.Payload + from, b.Payload + min(from+ChunkSectors, b.Sectors)
}

// Sound calls each for the parts [from, to) of an extent of the record, in sectors
// of its device, whose data is not lost.
func (b *BadRecord) Sound(e *Placed, each func(from, to uint64)) {
	at, end := e.At, e.At+int64(e.Sectors)
	lba := func(at int64) uint64 { return e.LBA + uint64(at-e.At) }
	for i := range b.Lost {
		l := &b.Lost[i]
		lo, hi := max(at, l.At), min(end, l.At+int64(l.Sectors))
		if lo >= hi || !e.Kind.HasPayload() {
			continue
		}
		if at < lo {
			each(lba(at), lba(lo))
		}
		at = hi
	}
	if at < end {
		each(lba(at), lba(end))
	}
}

// BadChunks tells which chunks of the payload, which must be whole, do not match
// their checksums, and what is wrong with the first.
func (r *Record) BadChunks(payload []byte) (bad []int, reason error) {
	for i := range chunks(r.PayloadSectors) {
		if err := r.verifyChunk(payload, i); err != nil {
			bad = append(bad, i)
			if reason == nil {
				reason = err
			}
		}
	}
	return bad, reason
}

// lostBlocks is what is lost at once, in sectors: no logical block is larger, so a
// block is never left half new and half old.
const lostBlocks = 8

// Touched are the parts of a record's extents whose data lies in some chunks of
// its payload, by whole blocks.
func Touched(extents []Placed, chunks []int) []Placed {
	var out []Placed
	at := uint64(0) // of the payload, in sectors
	for _, e := range extents {
		if !e.Kind.HasPayload() {
			continue
		}
		for _, c := range chunks {
			lo, hi := max(at, uint64(c)*ChunkSectors), min(at+uint64(e.Sectors), uint64(c+1)*ChunkSectors)
			if lo < hi {
				out = appendBlocks(out, &e, e.LBA+lo-at, e.LBA+hi-at)
			}
		}
		at += uint64(e.Sectors)
	}
	return out
}

// appendBlocks appends the blocks of e that hold any of the sectors [from, to).
func appendBlocks(out []Placed, e *Placed, from, to uint64) []Placed {
	from = max(from/lostBlocks*lostBlocks, e.LBA)
	to = min((to+lostBlocks-1)/lostBlocks*lostBlocks, e.LBA+uint64(e.Sectors))
	at := e.At + int64(from-e.LBA)
	if n := len(out); n > 0 {
		last := &out[n-1]
		same := last.Device == e.Device && last.Kind == e.Kind && last.LBA <= from && at-last.At == int64(from-last.LBA)
		if end := last.LBA + uint64(last.Sectors); same && from <= end {
			last.Sectors = uint32(max(to, end) - last.LBA)
			return out
		}
	}
	return append(out, Placed{Extent{Device: e.Device, Kind: e.Kind, LBA: from, Sectors: uint32(to - from)}, at})
}

// FindBad looks at the payload of all records of a segment's image, as [Walk]
// does. What of it could not be read, though it be 0 in truth, is bad. An error
// says that its headers are not what they should be.
func FindBad(b []byte, g Geometry, l Life, s Span, unread []Unread) ([]BadRecord, error) {
	var all []BadRecord
	start := g.SlotOffset(g.Slot(s.ID))
	look := func(r *Record, payload []byte) error {
		bad := BadRecord{Segment: s.ID, Seq: r.Seq, Offset: start + int64(r.Position)*SectorSize, Payload: r.PayloadPosition(), Sectors: r.PayloadSectors}
		if u := within(unread, bad.Offset, start+int64(bad.Payload)*SectorSize); u != nil {
			return u
		}
		for i := range chunks(r.PayloadSectors) {
			from, to := bad.Chunk(i)
			reason := r.verifyChunk(payload, i)
			if u := within(unread, start+int64(from)*SectorSize, start+int64(to)*SectorSize); u != nil {
				reason = u
			}
			bad.note(i, reason)
		}
		if len(bad.Chunks) > 0 {
			bad.Lost = Touched(r.AppendPlaced(nil, g), bad.Chunks)
			all = append(all, bad)
		}
		return nil
	}
	err := Walk(b, g, l, s, look, func(*Record, []byte) {})
	return all, err
}

// note enters a chunk that is bad for a reason, if it is.
func (b *BadRecord) note(chunk int, reason error) {
	if reason == nil {
		return
	}
	if b.Chunks = append(b.Chunks, chunk); len(b.Chunks) == 1 {
		b.Reason = reason.Error()
	}
}
