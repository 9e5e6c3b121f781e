package inspect

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// TestDumpCoversEveryByte: no byte of a superblock or of a header is left out, or shown twice.
func TestDumpCoversEveryByte(t *testing.T) {
	m := openBytes(t, reused(t).b)
	sections := m.DumpSuper()
	for _, id := range []uint64{7, 8, 9, 10} {
		more, err := m.DumpSegment(id)
		must(t, err)
		sections = append(sections, more...)
	}
	for _, s := range sections {
		if s.Problem != "" {
			continue
		}
		at := s.Fields[0].Offset
		for _, f := range s.Fields {
			if f.Offset != at {
				t.Errorf("%s: %s is at byte %d, the one before ends at %d", s.Title, f.Name, f.Offset, at)
			}
			at += int64(len(f.Bytes))
		}
		if n := at - s.Fields[0].Offset; n%segment.SectorSize != 0 && n != superFixed+3*(bindingSize+witnessSize) {
			t.Errorf("%s: %d bytes", s.Title, n)
		}
	}
}

// TestDumpGoesOnBehindDamage.
func TestDumpGoesOnBehindDamage(t *testing.T) {
	l := reused(t)
	*l.byteOf(13, false, 80) ^= 1
	sections, err := openBytes(t, l.b).DumpSegment(7)
	must(t, err)
	if len(sections) != 2 || sections[0].Problem == "" || sections[1].Problem != "" {
		t.Errorf("%d sections: %+v", len(sections), sections)
	}
}

func TestDumpRefusesNoSuchPlace(t *testing.T) {
	m := openBytes(t, goldenClean(t))
	for _, c := range []struct {
		id     uint64
		sector uint32
	}{{0, 0}, {1, 32}, {1, 4}} {
		if _, err := m.DumpRecord(c.id, c.sector); !errors.Is(err, ErrRange) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestFindBlock finds the versions of a sector, newest first, with the place of each.
func TestFindBlock(t *testing.T) {
	l := reused(t)
	*l.byteOf(18, true, 600) ^= 1
	m := openBytes(t, l.b)
	b, err := m.FindBlock(context.Background(), 5, 121)
	must(t, err)
	var seqs []uint64
	for _, v := range b.Versions {
		seqs = append(seqs, v.Seq)
		want := make([]byte, segment.SectorSize)
		stamp(want, 5, 121, v.Seq)
		if got := l.b[v.Offset:][:segment.SectorSize]; bytes.Equal(got, want) != (v.Problem == "") || !bytes.Equal(got, v.Contents) {
			t.Errorf("version of record %d at byte %d: problem %q", v.Seq, v.Offset, v.Problem)
		}
	}
	if len(seqs) != 3 || seqs[0] != 19 || seqs[1] != 18 || seqs[2] != 16 || b.Versions[1].Problem == "" {
		t.Errorf("versions of records %v", seqs)
	}
	if _, err := m.FindBlock(context.Background(), 5, 2048); !errors.Is(err, ErrNotBound) {
		t.Errorf("behind the end: %v", err)
	}
}

func openBytes(t *testing.T, b []byte) *Image {
	m, err := Open(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}
