package migrate

import (
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// sorting is a cache of which a batch is only put in order.
type sorting struct {
	geo     segment.Geometry
	witness *segment.Witness // nil: nobody follows what is written
	change  *witness.Change
}

func (s *sorting) Geometry() segment.Geometry                                            { return s.geo }
func (s *sorting) Life() segment.Life                                                    { return segment.Life{Nonce: 1} }
func (s *sorting) Disk() block.Handle                                                    { return nil }
func (s *sorting) GivenUp() (none segment.GivenUp)                                       { return none }
func (s *sorting) MayWrite() (bool, error)                                               { return true, nil }
func (s *sorting) BackingReady(uint8) bool                                               { return true }
func (s *sorting) BackingFailed(uint8)                                                   {}
func (s *sorting) BlockSectors(uint8) uint32                                             { return 1 }
func (s *sorting) FlushBegins(uint8)                                                     {}
func (s *sorting) FlushEnded(_ uint8, err error, then func(error))                       { then(err) }
func (s *sorting) Forget([]segment.Placed)                                               {}
func (s *sorting) Migrated(uint64, func(error))                                          {}
func (s *sorting) LeavingOut(segment.Extent)                                             {}
func (s *sorting) Candidates(dst []segment.Span, _ uint64, _ int, _ bool) []segment.Span { return dst }

func (s *sorting) Sorting() {
	if s.witness != nil {
		s.change = witness.NewChange(s.witness, witness.Default)
	}
}

func (s *sorting) Writing(e segment.Extent, data []byte) {
	if s.change != nil {
		s.change.Write(e.LBA, data)
	}
}

// fullBatch is a migrator with a batch of all the segments it may have, of random
// blocks of 4 KiB, that has been read.
func fullBatch(b *testing.B, src *sorting) *Migrator {
	const header, blocks = 8 << 10, 254
	geo, err := segment.NewGeometry(segment.LogOffset+MaxBatch, 512, 1<<20)
	if err != nil {
		b.Fatal(err)
	}
	src.geo = geo
	m := New(src)
	if err := m.reserve(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.Close() })
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Largest() {
		id := uint64(i + 1)
		img := m.image(i)[:header+blocks*4096]
		for at := header; at < len(img); at++ {
			img[at] = byte(r.Uint32())
		}
		for k := range blocks {
			segment.PutExtent(img, k, segment.Extent{Device: 1, Kind: segment.Data, LBA: r.Uint64N(1<<22) * 8, Sectors: 8})
		}
		segment.SealRecord(img, &segment.Header{Nonce: 1, Segment: id, Seq: id, Extents: blocks, HeaderSectors: header / 512, PayloadSectors: blocks * 8}, nil)
		m.batch = append(m.batch, segment.Span{ID: id, End: uint32(len(img) / 512), FirstSeq: id, LastSeq: id})
	}
	return m
}

// BenchmarkSort puts a batch of 64 MiB in order: verify, merge, stage. Following
// what it makes of the witness of its disk is a small part of that.
func BenchmarkSort(b *testing.B) {
	for name, src := range map[string]*sorting{
		"plain":   {},
		"witness": {witness: &segment.Witness{Sectors: 1 << 26, Head: make([]uint32, 256), Tail: make([]uint32, 128), Marks: make([]segment.Mark, segment.MaxMarks)}},
	} {
		b.Run(name, func(b *testing.B) {
			m := fullBatch(b, src)
			for b.Loop() {
				if err := m.sort(); err != nil {
					b.Fatal(err)
				}
				m.pool = append(m.pool, m.pending...)
				m.pending = m.pending[:0]
			}
		})
	}
}
