package inspect

import (
	"encoding/binary"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// builder makes a cache device's bytes record by record, as a cache would
// write them, and keeps what its devices then hold.
type builder struct {
	t       testing.TB
	s       segment.Super
	b       []byte
	id      uint64
	pos     uint32
	prevEnd uint32
	seq     uint64
	durable uint64
	spans   map[uint64][2]uint64 // first and last sequence of each segment
	places  map[uint64]Place     // of each record
	writes  map[uint64][]write   // in each record
}

type write struct {
	device  uint8
	lba     uint64
	sectors uint32
	kind    segment.Kind // 0 is data
}

func (w *write) payload() uint32 {
	if w.kind == 0 {
		return w.sectors
	}
	return 0
}

func newBuilder(t testing.TB, blockSize, segmentSize uint32, slots uint64) *builder {
	size := segment.LogOffset + slots*uint64(segmentSize)
	g, err := segment.NewGeometry(size, blockSize, segmentSize)
	if err != nil {
		t.Fatal(err)
	}
	s := segment.Super{
		UUID: [16]byte{0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0x4c, 0xdc, 0x8e, 0xfe, 1, 2, 3, 4, 5, 6}, Label: "golden",
		DeviceSize: size, Geometry: g, Nonce: 0x1122334455667788, Epoch: 1, Clean: true,
	}
	l := &builder{t: t, s: s, b: make([]byte, size), id: 1, spans: map[uint64][2]uint64{}, places: map[uint64]Place{}, writes: map[uint64][]write{}}
	l.super()
	l.super()
	return l
}

// super writes an update of the superblock.
func (l *builder) super() {
	l.s.Generation++
	copy(l.b[segment.SuperOffset(l.s.Generation):], segment.AppendSuper(nil, &l.s))
}

func (l *builder) bind(id uint8, name string, sectors, fingerprint uint64) {
	l.s.Bindings = append(l.s.Bindings, segment.Binding{
		ID: id, State: segment.Attached, UUID: [16]byte{id, 1, 2, 3, 4, 5, 0x46, 7, 0x88, 9}, Sectors: sectors, Fingerprint: fingerprint, Name: name,
	})
	l.s.Clean = false
	l.super()
}

// stamp fills a sector with what tells it from any other version of any other
// sector.
func stamp(b []byte, device uint8, lba, seq uint64) {
	for i := 0; i < len(b); i += 32 {
		binary.LittleEndian.PutUint64(b[i:], uint64(device))
		binary.LittleEndian.PutUint64(b[i+8:], lba)
		binary.LittleEndian.PutUint64(b[i+16:], seq)
		binary.LittleEndian.PutUint64(b[i+24:], uint64(i))
	}
}

// record appends a record; all before it are durable if it follows a barrier.
func (l *builder) record(barrier bool, ws ...write) {
	l.t.Helper()
	payload := uint32(0)
	for _, w := range ws {
		payload += w.payload()
	}
	bs := l.s.Geometry.BlockSectors()
	header := (uint32(segment.HeaderBytes(len(ws), payload)+segment.SectorSize-1)/segment.SectorSize + bs - 1) / bs * bs
	total := (header + payload + bs - 1) / bs * bs
	if l.pos+total > l.s.Geometry.SegmentSectors() {
		l.nextSegment()
	}
	l.seq++
	h := segment.Header{
		Nonce: l.s.Nonce, Epoch: l.s.Epoch, Segment: l.id, Seq: l.seq, DurableSeq: l.durable, Position: l.pos,
		PayloadSectors: total - header, HeaderSectors: uint16(header), Extents: uint16(len(ws)), Barrier: barrier,
	}
	if l.pos == 0 {
		h.PrevEnd = l.prevEnd
	}
	at := l.at(l.id, l.pos)
	img := l.b[at : at+int(total)*segment.SectorSize]
	clear(img)
	data := img[header*segment.SectorSize:]
	for i, w := range ws {
		segment.PutExtent(img, i, segment.Extent{Device: w.device, Kind: max(w.kind, segment.Data), LBA: w.lba, Sectors: w.sectors})
		for lba := w.lba; lba < w.lba+uint64(w.payload()); lba++ {
			stamp(data[:segment.SectorSize], w.device, lba, l.seq)
			data = data[segment.SectorSize:]
		}
	}
	segment.SealRecord(img, &h, nil)
	l.places[l.seq] = Place{Segment: l.id, Slot: l.s.Geometry.Slot(l.id), Sector: l.pos, Offset: int64(at)}
	l.writes[l.seq] = ws
	span := l.spans[l.id]
	if span[0] == 0 {
		span[0] = l.seq
	}
	l.spans[l.id] = [2]uint64{span[0], l.seq}
	l.pos += total
	if barrier {
		l.durable = l.seq
	}
}

func (l *builder) at(id uint64, pos uint32) int {
	g := l.s.Geometry
	return int(g.SlotOffset(g.Slot(id))) + int(pos)*segment.SectorSize
}

func (l *builder) nextSegment() { l.prevEnd, l.pos, l.id = l.pos, 0, l.id+1 }

// migrated frees the segments up to id.
func (l *builder) migrated(id uint64) {
	l.s.LastMigrated, l.s.MigratedSeq, l.s.DurableSeq = id, l.spans[id][1], l.durable
	l.super()
}

// resumed goes on as after a crash that the records up to seq survived.
func (l *builder) resumed(seq uint64, end uint32) {
	for n, p := range l.places {
		if n > seq {
			delete(l.places, n)
		} else if n == seq {
			l.id = p.Segment
		}
	}
	l.spans[l.id] = [2]uint64{l.spans[l.id][0], seq}
	l.seq, l.durable, l.pos = seq, seq, end
	l.s.Epoch++
	l.s.DurableSeq, l.s.EpochSeq, l.s.Clean = seq, seq, false
	l.super()
	l.nextSegment()
}

// byteOf is a byte of record seq: of its header, or of its payload from the
// header's end on.
func (l *builder) byteOf(seq uint64, payload bool, n int) *byte {
	p := l.places[seq]
	at := int(p.Offset)
	if payload {
		at += int(binary.LittleEndian.Uint16(l.b[at+60:])) * segment.SectorSize
	}
	return &l.b[at+n]
}

// disk is a device with the writes of the records up to last, without what bad
// names, over a disk of zeroes.
func (l *builder) disk(device uint8, last uint64, bad func(seq, lba uint64) bool) []byte {
	out := make([]byte, l.s.Binding(device).Sectors*segment.SectorSize)
	for seq := l.s.MigratedSeq + 1; seq <= last; seq++ {
		for _, w := range l.writes[seq] {
			for lba := w.lba; w.device == device && lba < w.lba+uint64(w.sectors); lba++ {
				sector := out[lba*segment.SectorSize:][:segment.SectorSize]
				switch {
				case bad != nil && bad(seq, lba):
				case w.kind != 0:
					clear(sector)
				default:
					stamp(sector, device, lba, seq)
				}
			}
		}
	}
	return out
}
