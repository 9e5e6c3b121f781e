package inspect

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/segment"
)

// TestDumpCoversEveryByte: no byte of a superblock or of a header is left out,
// or shown twice.
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

// TestFindBlock finds the versions of a sector, newest first, with the place of
// each.
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

// TestDumpRecordIsOfTheSegment: a record alone is dumped as it is with its segment.
func TestDumpRecordIsOfTheSegment(t *testing.T) {
	l := reused(t)
	*l.byteOf(13, false, recordFixed-3) ^= 1 // reserved
	m := openBytes(t, l.b)
	all, err := m.DumpSegment(7)
	must(t, err)
	for i, seq := range []uint64{13, 14} {
		p := l.places[seq]
		one, err := m.DumpRecord(p.Segment, p.Sector)
		must(t, err)
		if diff := cmp.Diff(all[i], one); diff != "" {
			t.Error(diff)
		}
	}
	if s := dumped(t, all[:1]); all[0].Problem == "" || !strings.Contains(s, "reserved, not 0, as it should be") {
		t.Errorf("%s", s)
	}
}

// TestDumpOfWhatIsCutOff: of a device that ends in the middle of its superblock all
// there is is shown, and nothing more.
func TestDumpOfWhatIsCutOff(t *testing.T) {
	b := reused(t).b
	for n := superFixed; n < superFixed+3*(bindingSize+witnessSize); n += 7 {
		fields := openBytes(t, b[:n]).DumpSuper()[0].Fields
		last := fields[len(fields)-1]
		if end := last.Offset + int64(len(last.Bytes)); end != int64(n) {
			t.Fatalf("of %d bytes, %d are shown", n, end)
		}
	}
}

// TestDumpOfARecordThatCannotBeRead says so, and takes nothing for a record.
func TestDumpOfARecordThatCannotBeRead(t *testing.T) {
	l := reused(t)
	m, err := Open(&badSectors{memory{b: l.b}, []int64{l.places[13].Offset}}, int64(len(l.b)))
	must(t, err)
	defer m.Close()
	s, err := m.DumpRecord(7, l.places[13].Sector)
	must(t, err)
	if !strings.Contains(s.Problem, errMedium.Error()) || len(s.Fields) != 1 || s.Fields[0].Name != "no record" {
		t.Errorf("%+v", s)
	}
}

// TestDumpOfTooManyExtents: what a header says of itself may be wrong.
func TestDumpOfTooManyExtents(t *testing.T) {
	l := reused(t)
	*l.byteOf(13, false, 63) = 0x70
	s, err := openBytes(t, l.b).DumpRecord(7, l.places[13].Sector)
	must(t, err)
	if last := s.Fields[len(s.Fields)-1]; s.Problem == "" || !strings.Contains(last.Name, "do not fit") {
		t.Errorf("%+v", last)
	}
}

// TestBlockInWords: the versions of a sector, which of them count, and the
// bytes of the newest.
func TestBlockInWords(t *testing.T) {
	l := reused(t)
	*l.byteOf(14, false, 9) ^= 1 // what comes after it is behind damage
	l.record(false, write{device: 5, lba: 121, sectors: 1, kind: segment.Discard})
	l.record(false, write{device: 5, lba: 121, sectors: 1})
	b, err := openBytes(t, l.b).FindBlock(t.Context(), 5, 121)
	must(t, err)
	s := dumped(t, b.Sections())
	for _, want := range []string{
		"== device 5, sector 121: newest version\n",
		"== device 5, sector 121: version 1 before it\n",
		"record = 23, epoch 2, not known to be durable, behind damage, ",
		"record = 19, epoch 2, durable, behind damage, ",
		"data = sector 121, the write it came with",
		"discard = sector 121, the write it came with",
		"05 00 00 00 00 00 00 00 79 00 00 00 00 00 00 00 # ........y.......",
		"17 00 ×15                # ................",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("no %q in\n%s", want, s)
		}
	}
	if n := strings.Count(s, "# ........y......."); n != segment.SectorSize/32 {
		t.Errorf("%d lines of contents begin so\n%s", n, s)
	}
	if v := b.Versions[1]; v.Kind != "discard" || v.Contents != nil || v.Offset != 0 {
		t.Errorf("a discard has contents: %+v", v)
	}
	if _, err := openBytes(t, nil).FindBlock(t.Context(), 5, 121); !errors.Is(err, segment.ErrNotFormatted) {
		t.Errorf("of no cache: %v", err)
	}
}

func dumped(t *testing.T, sections []Section) string {
	t.Helper()
	var out bytes.Buffer
	must(t, Fprint(&out, sections))
	return out.String()
}
