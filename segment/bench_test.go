package segment

import (
	"fmt"
	"testing"
)

// benchRecord is a record of 4 KiB extents, unsealed.
func benchRecord(extents int) ([]byte, Header) {
	payload := uint32(extents) * 8
	header := (HeaderBytes(extents, payload) + SectorSize - 1) / SectorSize
	h := Header{Nonce: 1, Epoch: 1, Segment: 1, Seq: 1, PayloadSectors: payload, HeaderSectors: uint16(header), Extents: uint16(extents)}
	b := make([]byte, (header+int(payload))*SectorSize)
	for i := range extents {
		PutExtent(b, i, Extent{Device: 1, Kind: Data, LBA: uint64(i) * 800, Sectors: 8})
	}
	return b, h
}

// benchRecords runs f on the record of a lone barrier and on one that fills
// half a segment of the default size.
func benchRecords(b *testing.B, f func(b *testing.B, raw []byte, h *Header)) {
	for _, extents := range []int{1, 127} {
		b.Run(fmt.Sprintf("extents=%d", extents), func(b *testing.B) {
			raw, h := benchRecord(extents)
			SealRecord(raw, &h, nil)
			b.ReportAllocs()
			f(b, raw, &h)
		})
	}
}

func BenchmarkSealRecord(b *testing.B) {
	benchRecords(b, func(b *testing.B, raw []byte, h *Header) {
		b.SetBytes(int64(h.PayloadSectors) * SectorSize)
		for b.Loop() {
			SealRecord(raw, h, nil)
		}
	})
}

func BenchmarkParseRecord(b *testing.B) {
	g, err := NewGeometry(1<<30, 512, 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	benchRecords(b, func(b *testing.B, raw []byte, h *Header) {
		for b.Loop() {
			if _, err := ParseRecord(raw, g, h.Nonce, h.Segment, h.Position); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerifyPayload(b *testing.B) {
	g, err := NewGeometry(1<<30, 512, 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	benchRecords(b, func(b *testing.B, raw []byte, h *Header) {
		b.SetBytes(int64(h.PayloadSectors) * SectorSize)
		r, err := ParseRecord(raw, g, h.Nonce, h.Segment, h.Position)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := r.VerifyPayload(raw[int(h.HeaderSectors)*SectorSize:]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
