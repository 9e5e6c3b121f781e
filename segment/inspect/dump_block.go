package inspect

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Version is one state of a sector in the log.
type Version struct {
	Record   Place
	Seq      uint64
	Epoch    uint64
	Durable  bool // stated so by somebody
	Kind     string
	Extent   Range  // that the sector was written with
	Offset   int64  // byte of the sector on the cache device
	Problem  string // why its data must not be used, or ""
	Behind   bool   // a resume would not reach it
	Contents Bytes  // of the sector, whole or not
}

// Block is what the log holds of a sector of a device.
type Block struct {
	Device   uint8
	LBA      uint64
	Versions []Version // newest first
}

// FindBlock finds all versions of a sector in the log.
func (m *Image) FindBlock(ctx context.Context, device uint8, lba uint64) (*Block, error) {
	l, err := m.Survey(ctx, Options{})
	if err != nil {
		return nil, err
	}
	if err := bound(l.Super, segment.Extent{Device: device, LBA: lba, Sectors: 1}); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrNotBound, err)
	}
	b := &Block{Device: device, LBA: lba, Versions: []Version{}}
	for i := len(l.Records) - 1; i >= 0; i-- {
		r := &l.Records[i]
		for j := len(r.Extents) - 1; j >= 0; j-- {
			e := &r.Extents[j]
			if e.Device == device && e.LBA <= lba && lba < e.LBA+uint64(e.Sectors) {
				v := l.version(r, e, lba)
				v.Behind = i >= l.Run
				b.Versions = append(b.Versions, v)
			}
		}
	}
	return b, nil
}

func (l *Log) version(r *Record, e *segment.Placed, lba uint64) Version {
	v := Version{
		Record: r.Place, Seq: r.Header.Seq, Epoch: r.Header.Epoch, Durable: r.Header.Seq <= l.Durable,
		Kind: kindName(e.Kind), Extent: Range{e.LBA, uint64(e.Sectors)},
	}
	if !e.Kind.HasPayload() {
		return v
	}
	v.Offset = (e.At + int64(lba-e.LBA)) * segment.SectorSize
	whole := l.Image.readRecord(nil, r)
	v.Contents = whole[v.Offset-r.Offset:][:segment.SectorSize]
	bad, _ := badChunks(whole, r)
	for _, c := range bad {
		payload := r.Offset/segment.SectorSize + int64(r.Header.HeaderSectors)
		if (v.Offset/segment.SectorSize-payload)/segment.ChunkSectors == int64(c) {
			v.Problem = "its checksum does not fit"
		}
	}
	return v
}

// Sections gives the versions of a block for [Fprint]; of the newest, the
// contents as well.
func (b *Block) Sections() []Section {
	var out []Section
	for i, v := range b.Versions {
		s := Section{Title: fmt.Sprintf("device %d, sector %d: %s", b.Device, b.LBA, age(i)), Problem: v.Problem}
		s.Fields = append(s.Fields, Field{Offset: v.Record.Offset, Name: "record", Value: v.Seq, Meaning: fmt.Sprintf("epoch %d, %s, %s", v.Epoch, durability(&v), v.Record)})
		s.Fields = append(s.Fields, Field{Offset: v.Offset, Name: v.Kind, Value: v.Extent, Meaning: "the write it came with"})
		for at := 0; i == 0 && at < len(v.Contents); at += 16 {
			line := v.Contents[at : at+16]
			s.Fields = append(s.Fields, Field{Offset: v.Offset + int64(at), Bytes: line, Name: printable(line)})
		}
		out = append(out, s)
	}
	return out
}

func age(i int) string {
	if i == 0 {
		return "newest version"
	}
	return fmt.Sprintf("version %d before it", i)
}

func durability(v *Version) string {
	text := "not known to be durable"
	if v.Durable {
		text = "durable"
	}
	if v.Behind {
		text += ", behind damage"
	}
	return text
}

// printable shows bytes as text.
func printable(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		if out[i] = c; c < ' ' || c > '~' {
			out[i] = '.'
		}
	}
	return string(out)
}
