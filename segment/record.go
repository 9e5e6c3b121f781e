package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// These numbers are part of the on-disk format; they never change.
const (
	recordMagic  = 0x3152434c // "LCR1"
	recordFixed  = 80
	extentSize   = 12
	checksumSize = 4

	flagBarrier = 1

	// ChunkSectors is how much payload one checksum covers: 4 KiB.
	ChunkSectors = 8
	// ChunkSize is the same in bytes.
	ChunkSize = ChunkSectors * SectorSize
	// MaxHeaderSectors bounds the header of a record: 32 KiB.
	MaxHeaderSectors = 64
)

// Kind says what an extent is.
type Kind uint8

// Kinds of extents. Part of the on-disk format.
const (
	Data       Kind = 1
	Discard    Kind = 2
	Zeroes     Kind = 3
	Invalidate Kind = 4
	Clean      Kind = 5
)

// HasPayload tells whether extents of this kind own payload.
func (k Kind) HasPayload() bool { return k == Data || k == Clean }

// Replayable tells whether this version of the program knows what to make of
// such extents in a log.
func (k Kind) Replayable() bool { return k == Data || k == Discard || k == Zeroes }

// Extent is a run of sectors of one device.
type Extent struct {
	Device  uint8
	Kind    Kind
	LBA     uint64 // on the backing, in sectors
	Sectors uint32
}

// Placed is an extent and where its payload lies on the cache device, in sectors.
type Placed struct {
	Extent
	At int64
}

// Header is the fixed part of a record's header.
type Header struct {
	Nonce          uint64
	Epoch          uint64
	Segment        uint64 // id
	Seq            uint64
	DurableSeq     uint64
	Position       uint32 // of the header in its slot, in sectors
	PrevEnd        uint32 // sectors; only in a record at position 0
	PayloadSectors uint32
	HeaderSectors  uint16
	Extents        uint16
	Barrier        bool
}

// End is where the record ends in its slot, in sectors.
func (h *Header) End() uint32 { return h.Position + uint32(h.HeaderSectors) + h.PayloadSectors }

// PayloadPosition is where the payload starts in the slot, in sectors.
func (h *Header) PayloadPosition() uint32 { return h.Position + uint32(h.HeaderSectors) }

// HeaderBytes is the room that a header with so many extents and so much
// payload needs.
func HeaderBytes(extents int, payloadSectors uint32) int {
	return recordFixed + extentSize*extents + checksumSize*chunks(payloadSectors)
}

// PayloadRoom is how much payload, in sectors, a header of so many sectors has room
// for the checksums of, beside so many extents. It is negative if the extents alone
// do not fit.
func PayloadRoom(headerSectors uint16, extents int) int {
	room := int(headerSectors)*SectorSize - HeaderBytes(extents, 0)
	if room < 0 {
		return -1
	}
	return room / checksumSize * ChunkSectors
}

func chunks(payloadSectors uint32) int {
	return int((payloadSectors + ChunkSectors - 1) / ChunkSectors)
}

// PutExtent writes extent i into the header that starts at b[0].
func PutExtent(b []byte, i int, e Extent) {
	o := recordFixed + extentSize*i
	binary.LittleEndian.PutUint64(b[o:], e.LBA&(1<<48-1)|uint64(e.Device)<<48|uint64(e.Kind)<<56)
	binary.LittleEndian.PutUint32(b[o+8:], e.Sectors)
}

func getExtent(b []byte, i int) Extent {
	b = b[recordFixed+extentSize*i:][:extentSize]
	w := binary.LittleEndian.Uint64(b)
	return Extent{
		LBA:     w & (1<<48 - 1),
		Device:  uint8(w >> 48),
		Kind:    Kind(w >> 56),
		Sectors: binary.LittleEndian.Uint32(b[8:]),
	}
}

// SealRecord completes the record image b: header and payload, whose extents
// are in place already ([PutExtent]). It writes the fixed part and all checksums.
// known are the checksums ([Checksum]) of the first chunks of the payload, as far
// as the caller has them.
func SealRecord(b []byte, h *Header, known []uint32) {
	hdr := b[:int(h.HeaderSectors)*SectorSize]
	payload := b[len(hdr):]
	if len(payload) != int(h.PayloadSectors)*SectorSize || HeaderBytes(int(h.Extents), h.PayloadSectors) > len(hdr) {
		panic("segment: record does not fit its header")
	}
	le := binary.LittleEndian
	clear(hdr[:recordFixed])
	le.PutUint32(hdr, recordMagic)
	le.PutUint64(hdr[8:], h.Nonce)
	le.PutUint64(hdr[16:], h.Epoch)
	le.PutUint64(hdr[24:], h.Segment)
	le.PutUint64(hdr[32:], h.Seq)
	le.PutUint64(hdr[40:], h.DurableSeq)
	le.PutUint32(hdr[48:], h.Position)
	le.PutUint32(hdr[52:], h.PrevEnd)
	le.PutUint32(hdr[56:], h.PayloadSectors)
	le.PutUint16(hdr[60:], h.HeaderSectors)
	le.PutUint16(hdr[62:], h.Extents)
	if h.Barrier {
		le.PutUint16(hdr[64:], flagBarrier)
	}
	o := recordFixed + extentSize*int(h.Extents)
	for _, sum := range known {
		le.PutUint32(hdr[o:], sum)
		o += checksumSize
	}
	for payload = payload[len(known)*ChunkSize:]; len(payload) > 0; o += checksumSize {
		n := min(len(payload), ChunkSize)
		le.PutUint32(hdr[o:], Checksum(payload[:n]))
		payload = payload[n:]
	}
	clear(hdr[o:])
	le.PutUint32(hdr[4:], checksumSkipping(hdr, 4))
}

// Record is a decoded header over the bytes it was read from.
type Record struct {
	Header
	raw []byte
}

// Extent returns extent i, 0 <= i < Extents.
func (r *Record) Extent(i int) Extent { return getExtent(r.raw, i) }

// PayloadSector is where the payload starts on the cache device, in sectors. The
// payload of each extent that has any follows that of the one before.
func (r *Record) PayloadSector(g Geometry) int64 {
	return g.SlotSector(g.Slot(r.Segment)) + int64(r.PayloadPosition())
}

// AppendPlaced appends the record's extents with their places.
func (r *Record) AppendPlaced(dst []Placed, g Geometry) []Placed {
	at := r.PayloadSector(g)
	for i := range int(r.Extents) {
		e := r.Extent(i)
		dst = append(dst, Placed{Extent: e, At: at})
		if e.Kind.HasPayload() {
			at += int64(e.Sectors)
		}
	}
	return dst
}

// ErrShort is returned by [ParseRecord] when the header is longer than the
// bytes at hand.
var ErrShort = errors.New("the header is longer than the bytes at hand")

var (
	errNoRecord = errors.New("no record")
	errBadPlace = errors.New("record of another place")
)

// ParseRecord decodes the header at b[0], which must be at position (sectors)
// in segment id. b may be longer than the header. The record refers to b.
func ParseRecord(b []byte, g Geometry, nonce, id uint64, position uint32) (Record, error) {
	le := binary.LittleEndian
	if len(b) < recordFixed || le.Uint32(b) != recordMagic || le.Uint64(b[8:]) != nonce {
		return Record{}, errNoRecord
	}
	r := Record{Header: Header{
		Nonce:          nonce,
		Epoch:          le.Uint64(b[16:]),
		Segment:        le.Uint64(b[24:]),
		Seq:            le.Uint64(b[32:]),
		DurableSeq:     le.Uint64(b[40:]),
		Position:       le.Uint32(b[48:]),
		PrevEnd:        le.Uint32(b[52:]),
		PayloadSectors: le.Uint32(b[56:]),
		HeaderSectors:  le.Uint16(b[60:]),
		Extents:        le.Uint16(b[62:]),
		Barrier:        le.Uint16(b[64:])&flagBarrier != 0,
	}}
	size := int(r.HeaderSectors) * SectorSize
	if r.HeaderSectors == 0 || r.HeaderSectors > MaxHeaderSectors {
		return Record{}, &FieldError{"header length", uint64(r.HeaderSectors), MaxHeaderSectors}
	}
	if size > len(b) {
		return Record{}, ErrShort
	}
	r.raw = b[:size]
	if got, want := le.Uint32(b[4:]), checksumSkipping(r.raw, 4); got != want {
		return Record{}, &FieldError{"header checksum", uint64(got), uint64(want)}
	}
	if r.Segment != id || r.Position != position {
		return Record{}, fmt.Errorf("%w: segment %d position %d", errBadPlace, r.Segment, r.Position)
	}
	return r, r.check(g)
}

// check refuses what a correct checksum cannot excuse.
func (r *Record) check(g Geometry) error {
	if r.PayloadSectors > g.SegmentSectors() || r.End() > g.SegmentSectors() || r.End()%g.RecordSectors() != 0 {
		return &FieldError{"record end", uint64(r.End()), uint64(g.SegmentSectors())}
	}
	if need := HeaderBytes(int(r.Extents), r.PayloadSectors); need > len(r.raw) {
		return &FieldError{"number of extents", uint64(r.Extents), uint64(len(r.raw))}
	}
	if r.Seq == 0 || r.DurableSeq >= r.Seq {
		return &FieldError{"durable sequence", r.DurableSeq, r.Seq}
	}
	var sum uint64
	for i := range int(r.Extents) {
		e := r.Extent(i)
		if e.Device == 0 || e.Device > MaxDevices || e.Sectors == 0 {
			return &FieldError{"extent's device", uint64(e.Device), MaxDevices}
		}
		if e.Kind < Data || e.Kind > Clean {
			return &FieldError{"extent's kind", uint64(e.Kind), uint64(Data)}
		}
		if e.Kind.HasPayload() {
			sum += uint64(e.Sectors)
		}
	}
	if sum > uint64(r.PayloadSectors) {
		return &FieldError{"payload of the extents", sum, uint64(r.PayloadSectors)}
	}
	return nil
}

// VerifyPayload compares the payload, which must be whole, with its checksums.
func (r *Record) VerifyPayload(payload []byte) error {
	if len(payload) != int(r.PayloadSectors)*SectorSize {
		return &FieldError{"payload length", uint64(len(payload)), uint64(r.PayloadSectors) * SectorSize}
	}
	for i := range chunks(r.PayloadSectors) {
		if err := r.verifyChunk(payload, i); err != nil {
			return err
		}
	}
	return nil
}

// ChunkSum is the checksum that the header has of chunk i of the payload, which is
// [ChunkSize] bytes but for the last.
func (r *Record) ChunkSum(i int) uint32 {
	return binary.LittleEndian.Uint32(r.raw[recordFixed+extentSize*int(r.Extents)+checksumSize*i:])
}

// verifyChunk compares a chunk of the payload with its checksum.
func (r *Record) verifyChunk(payload []byte, i int) error {
	want := r.ChunkSum(i)
	got := Checksum(payload[i*ChunkSize : min((i+1)*ChunkSize, len(payload))])
	if got != want {
		return fmt.Errorf("payload at sector %d: %w", i*ChunkSectors, &FieldError{"checksum", uint64(got), uint64(want)})
	}
	return nil
}

// Walk parses the records of one whole segment image, for migration: they are
// of life l and of one epoch, and sequences run from the first to the last of
// s, and end at its end. A record that a recovery has dropped may look just
// like the one that was written in its place, and was lost. check looks at each
// record's payload ([Record.VerifyPayload] does), and fn then sees both; they
// refer to b.
func Walk(b []byte, g Geometry, l Life, s Span, check func(r *Record, payload []byte) error, fn func(r *Record, payload []byte)) error {
	slot := g.Slot(s.ID)
	bad := func(pos uint32, seq uint64, reason error) error {
		return &DamageError{Segment: s.ID, Slot: slot, Offset: g.SlotOffset(slot) + int64(pos)*SectorSize, Seq: seq, Durable: s.LastSeq, Reason: reason}
	}
	pos, seq, epoch := uint32(0), s.FirstSeq, uint64(0)
	for pos < s.End {
		r, err := ParseRecord(b[int(pos)*SectorSize:], g, l.Nonce, s.ID, pos)
		if err == nil && r.Seq != seq {
			err = &FieldError{"sequence", r.Seq, seq}
		}
		if pos == 0 {
			epoch = r.Epoch
		}
		if err == nil && (l.abandoned(r.Seq, r.Epoch) || r.Epoch > l.Epoch || r.Epoch != epoch) {
			err = &FieldError{"epoch", r.Epoch, max(epoch, l.Epoch)}
		}
		if err == nil && r.End() > s.End {
			err = &FieldError{"record end", uint64(r.End()), uint64(s.End)}
		}
		var payload []byte
		if err == nil {
			payload = b[int(r.PayloadPosition())*SectorSize : int(r.End())*SectorSize]
			err = check(&r, payload)
		}
		if err != nil {
			return bad(pos, seq, err)
		}
		fn(&r, payload)
		pos, seq = r.End(), seq+1
	}
	if seq != s.LastSeq+1 {
		return bad(0, seq, &FieldError{"last sequence", seq - 1, s.LastSeq})
	}
	return nil
}
