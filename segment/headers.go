package segment

import (
	"encoding/binary"
	"errors"
	"io"
	"unsafe"
)

// headers reads the headers of a log, and may do so ahead of their turn.
type headers struct {
	r         io.ReaderAt
	g         Geometry
	nonce     uint64
	readahead *readahead // nil: one after the other

	unread []Unread
}

func newHeaders(r io.ReaderAt, s *Super) *headers {
	h := &headers{r: r, g: s.Geometry, nonce: s.Nonce}
	if b, ok := r.(BatchReaderAt); ok {
		h.readahead = newReadahead(h, b, s.LastMigrated+1)
	}
	return h
}

func (h *headers) close() {
	if h.readahead != nil {
		h.readahead.close()
	}
}

// record returns the record at pos of segment id, or why there is none: also
// because its place cannot be read. err is any other failure. The record is
// valid until one of the segment after the next is asked for.
func (h *headers) record(id uint64, pos uint32) (rec Record, bad, err error) {
	if h.readahead != nil {
		if f := h.readahead.find(id, pos); f != nil {
			return f.rec, f.bad, nil
		}
	}
	return h.read(id, pos)
}

// read is record without what was read ahead.
func (h *headers) read(id uint64, pos uint32) (rec Record, bad, err error) {
	for size := int(h.g.BlockSize); ; {
		if size > h.room(pos) {
			return Record{}, errNoRecord, nil
		}
		b, off := aligned(size), h.offset(id, pos)
		if _, err := h.r.ReadAt(b, off); err != nil {
			bad, err := h.missing(b, off, err)
			return Record{}, bad, err
		}
		if rec, size, bad = h.parse(b, id, pos); size == 0 {
			return rec, bad, nil
		}
	}
}

// parse decodes the header in b, or tells how many bytes it needs for that.
func (h *headers) parse(b []byte, id uint64, pos uint32) (rec Record, need int, bad error) {
	rec, bad = ParseRecord(b, h.g, h.nonce, id, pos)
	if !errors.Is(bad, ErrShort) {
		return rec, 0, bad
	}
	if need = h.wholeBlocks(headerLength(b)); need > h.room(pos) {
		return Record{}, 0, errNoRecord
	}
	return Record{}, need, nil
}

// headerLength is what a header says of its length in bytes. It may lie.
func headerLength(b []byte) int {
	return int(binary.LittleEndian.Uint16(b[60:])) * SectorSize
}

func (h *headers) wholeBlocks(n int) int {
	bs := int(h.g.BlockSize)
	return (n + bs - 1) / bs * bs
}

// room is how many bytes there are from pos to the end of a slot.
func (h *headers) room(pos uint32) int { return int(h.g.SegmentSectors()-pos) * SectorSize }

func (h *headers) offset(id uint64, pos uint32) int64 {
	return h.g.SlotOffset(h.g.Slot(id)) + int64(pos)*SectorSize
}

// aligned is memory that direct I/O takes on any device.
func aligned(n int) []byte {
	const most = 4096
	b := make([]byte, n+most)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & (most - 1)
	return b[skip : skip+n : skip+n]
}
