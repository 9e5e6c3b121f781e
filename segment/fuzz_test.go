package segment

import (
	"encoding/binary"
	"errors"
	"testing"
)

func FuzzDecodeSuper(f *testing.F) {
	g, err := NewGeometry(16<<20, 512, 64<<10)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(AppendSuper(nil, &Super{DeviceSize: 16 << 20, Geometry: g, Bindings: []Binding{{ID: 5, State: Attached, Name: "x"}}}))
	f.Add([]byte(superMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		reseal := append([]byte(nil), b...)
		if len(reseal) >= superFixed { // get past the checksum, which a fuzzer cannot guess
			if n := binary.LittleEndian.Uint32(reseal[16:]); n >= superFixed && uint64(n) <= uint64(len(reseal)) {
				binary.LittleEndian.PutUint32(reseal[12:], checksumSkipping(reseal[:n], 12))
			}
		}
		for _, in := range [][]byte{b, reseal} {
			s, err := DecodeSuper(in)
			if err != nil {
				continue
			}
			if err := s.check(); err != nil {
				t.Fatalf("accepted a superblock that is not sound: %v", err)
			}
			again, err := DecodeSuper(AppendSuper(nil, s))
			if err != nil || again.Generation != s.Generation || again.Geometry != s.Geometry || len(again.Bindings) != len(s.Bindings) {
				t.Fatalf("does not survive a round trip: %v", err)
			}
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	g, err := NewGeometry(LogOffset+8*16<<10, 512, 16<<10)
	if err != nil {
		f.Fatal(err)
	}
	img := make([]byte, 3*SectorSize)
	PutExtent(img, 0, Extent{Device: 1, Kind: Data, LBA: 8, Sectors: 2})
	SealRecord(img, &Header{Nonce: 42, Epoch: 1, Segment: 1, Seq: 1, PayloadSectors: 2, HeaderSectors: 1, Extents: 1}, nil)
	f.Add(img)
	f.Fuzz(func(t *testing.T, b []byte) {
		reseal := append([]byte(nil), b...)
		if len(reseal) >= recordFixed {
			if n := int(binary.LittleEndian.Uint16(reseal[60:])) * SectorSize; n > 0 && n <= len(reseal) {
				binary.LittleEndian.PutUint32(reseal[4:], checksumSkipping(reseal[:n], 4))
			}
		}
		for _, in := range [][]byte{b, reseal} {
			r, err := ParseRecord(in, g, 42, 1, 0)
			if err != nil {
				continue
			}
			payload := uint32(0)
			for _, p := range r.AppendPlaced(nil, g) {
				if p.Device == 0 || p.Device > MaxDevices || p.Sectors == 0 {
					t.Fatalf("accepted extent %+v", p)
				}
				if p.Kind.HasPayload() {
					payload += p.Sectors
				}
			}
			if payload > r.PayloadSectors || r.End() > g.SegmentSectors() {
				t.Fatalf("accepted a record that reaches out of its place: %+v", r.Header)
			}
			if end := int(r.End()) * SectorSize; end <= len(in) {
				_ = r.VerifyPayload(in[int(r.HeaderSectors)*SectorSize : end]) // must not panic
			}
		}
	})
}

// FuzzRecover damages a log that lies among the remains of another cache's, and
// of its own abandoned past.
func FuzzRecover(f *testing.F) {
	f.Add([]byte{0, 10, 1, 2, 3}, uint8(0))
	f.Add([]byte{30, 0, 0xff, 40, 0, 0xff, 50, 1, 7}, uint8(4))
	f.Fuzz(func(t *testing.T, patches []byte, durable uint8) {
		l := newImage(t)
		l.s.Nonce = 7 // the other cache fills the whole ring
		for range 8 {
			l.record(30)
			l.nextSegment()
		}
		*l = logImage{t: t, s: l.s, b: l.b, id: 1}
		l.s.Nonce = 42
		for i := range 9 {
			if i > 0 && i%3 == 0 {
				l.nextSegment()
			}
			if l.seq >= uint64(durable%9) {
				l.durable = uint64(durable % 9)
			}
			l.record(4)
		}
		start := l.at(1, 0)
		for ; len(patches) >= 3; patches = patches[3:] {
			at := start + (int(patches[0])|int(patches[1])<<8)*4%(len(l.b)-start)
			l.b[at] ^= patches[2]
		}
		r, seqs, err := l.recover()
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
		for i, seq := range seqs {
			if seq != uint64(i+1) {
				t.Fatalf("replayed %v", seqs)
			}
		}
		if r.LastSeq != uint64(len(seqs)) || r.LastSeq > 9 {
			t.Fatalf("run ends at %d with %d records", r.LastSeq, len(seqs))
		}
		if err == nil && r.LastSeq < r.Durable {
			t.Fatalf("records up to %d were durable, %d is the last: damage was skipped silently", r.Durable, r.LastSeq)
		}
	})
}
