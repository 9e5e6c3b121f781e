package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ublk-lc/ublk-lc/segment"
)

// found is what a survey is expected to say: records of each damage, what it
// held, and what is lost in the end.
type found struct {
	state   State
	records int
	run     int
	damage  string // "kind first-last @record" of each, with "guessed" and "unknown N"
	lost    string // "device: ranges" of each
}

// TestP6CheckTable damages a log of the records 13 to 21, of which those up to
// 20 are durable, and says what must survive and what must be reported.
//
//	segment   7       8       9       10      11   12
//	record    13 14   15 16   17 18   19 20   21   (abandoned)
func TestP6CheckTable(t *testing.T) {
	const all = 9
	for _, c := range []struct {
		name   string
		damage func(l *builder)
		want   found
	}{
		{"nothing", func(*builder) {}, found{Whole, all, all, "", ""}},
		{"torn payload at the tail", func(l *builder) { *l.byteOf(21, true, 3) ^= 1 }, found{Torn, 8, 8, "", ""}},
		{"torn header at the tail", func(l *builder) { *l.byteOf(21, false, 40) ^= 1 }, found{Torn, 8, 8, "", ""}},
		{"second superblock torn", func(l *builder) { l.b[segment.SuperSpace+90] ^= 1 }, found{Whole, all, all, "", ""}},
		{"payload, partly overwritten", func(l *builder) { *l.byteOf(18, true, 5) ^= 1 },
			found{Damaged, all, all, "payload 18-18 @18", "5: sector 120, sectors 122-127"}},
		{"payload, second chunk", func(l *builder) { *l.byteOf(20, true, 8*512+5) ^= 1 },
			found{Damaged, all, all, "payload 20-20 @20", "6: sectors 104-108"}},
		{"payload of two devices", func(l *builder) { *l.byteOf(15, true, 0) ^= 1 },
			found{Damaged, all, all, "payload 15-15 @15", "5: sectors 112-115; 6: sectors 56-58"}},
		{"a bit of a header", func(l *builder) { *l.byteOf(14, false, 9) ^= 1 },
			found{Damaged, 8, 1, "header 14-14 @14 guessed", "5: sectors 104-107; 6: sectors 52-54"}},
		{"checksum of a segment's head", func(l *builder) { *l.byteOf(17, false, 5) ^= 1 },
			found{Damaged, 8, 4, "header 17-17 @17 guessed", "6: sector 61"}},
		{"a header that is gone", func(l *builder) { clear(l.b[l.places[14].Offset:][:512]) },
			found{Damaged, 8, 1, "header 14-14 @14 unknown 1", ""}},
		{"a whole segment", func(l *builder) { clear(l.b[l.places[15].Offset:][:8192]) },
			found{Damaged, 7, 2, "header 15-16 @15 unknown 2", ""}},
		{"the first record", func(l *builder) { *l.byteOf(13, false, 0) ^= 1 },
			found{Damaged, 8, 0, "header 13-13 @13 guessed", "5: sectors 96-99; 6: sectors 48-50"}},
		{"the last durable record", func(l *builder) { *l.byteOf(20, false, 90) ^= 0x10 },
			found{Damaged, 8, 7, "header 20-20 @20 unknown 1", ""}},
		{"the last durable record, and the tail", func(l *builder) { *l.byteOf(20, false, 5) ^= 1; *l.byteOf(21, true, 0) ^= 1 },
			found{Damaged, 7, 7, "header 20-20 @20 guessed", "6: sectors 100-108"}},
		{"two places", func(l *builder) {
			*l.byteOf(14, false, 5) ^= 1
			*l.byteOf(18, false, 5) ^= 1
			*l.byteOf(16, true, 5) ^= 1
		},
			found{Damaged, 7, 1, "header 14-14 @14 guessed, payload 16-16 @16, header 18-18 @18 guessed",
				"5: sectors 104-107, sector 120, sectors 122-127; 6: sectors 52-54, sector 60"}},
		{"all later records, and their witnesses", func(l *builder) { clear(l.b[l.places[19].Offset:][:2*8192]) }, found{Torn, 6, 6, "", ""}},
		{"a device that is smaller than its data", func(l *builder) { l.s.Bindings[1].Sectors = 105; l.super() },
			found{Damaged, all, all, "extent 20-20 @20", "6: sectors 100-108"}},
		{"a device that is not bound", func(l *builder) { l.s.Bindings[1].ID = 8; l.super() },
			found{Damaged, all, all, "extent 13-13 @13, extent 14-14 @14, extent 15-15 @15, extent 16-16 @16, extent 17-17 @17, extent 19-19 @19, extent 20-20 @20", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := reused(t)
			c.damage(l)
			before := bytes.Clone(l.b)
			log := surveyBytes(t, l.b)
			if !bytes.Equal(before, l.b) {
				t.Error("the survey changed the cache")
			}
			if diff := cmp.Diff(c.want, summary(l, log), cmp.AllowUnexported(found{})); diff != "" {
				var report bytes.Buffer
				must(t, log.Report().Fprint(&report, true))
				t.Errorf("-want +got:\n%s\n%s", diff, &report)
			}
		})
	}
}

func summary(l *builder, log *Log) found {
	f := found{state: log.state(), records: len(log.Records), run: log.Run}
	var damage, lost []string
	for _, d := range log.Damage {
		s := fmt.Sprintf("%s %d-%d @%d", d.Kind, d.FirstSeq, d.LastSeq, l.recordAt(d.Place))
		if d.Guessed {
			s += " guessed"
		}
		if d.Unknown > 0 {
			s += fmt.Sprintf(" unknown %d", d.Unknown)
		}
		damage = append(damage, s)
	}
	for _, b := range log.Super.Bindings {
		rs, _ := log.Lost(b.ID)
		var texts []string
		for _, r := range rs {
			texts = append(texts, r.String())
		}
		if len(texts) > 0 {
			lost = append(lost, fmt.Sprintf("%d: %s", b.ID, strings.Join(texts, ", ")))
		}
	}
	f.damage, f.lost = strings.Join(damage, ", "), strings.Join(lost, "; ")
	return f
}

// recordAt is the record that was written at a place, or 0.
func (l *builder) recordAt(p Place) uint64 {
	for seq, at := range l.places {
		if at == p {
			return seq
		}
	}
	return 0
}

// badSectors is a disk with sectors that cannot be read.
type badSectors struct {
	memory
	at []int64
}

func (d *badSectors) ReadAt(b []byte, off int64) (int, error) {
	for _, at := range d.at {
		if at < off+int64(len(b)) && off < at+512 {
			return 0, errMedium
		}
	}
	return d.memory.ReadAt(b, off)
}

var errMedium = errors.New("medium error")

// TestP6UnreadableIsDamage: a sector that cannot be read is named and does not
// end the survey. It is damage where something was durable, never passes for a
// torn tail there, and is no damage where nothing was. At the log's end, nobody
// knows.
func TestP6UnreadableIsDamage(t *testing.T) {
	l := reused(t)
	for _, c := range []struct {
		name           string
		at             int64
		damaged, doubt bool
		last           uint64 // record
	}{
		{"a header", l.places[15].Offset, true, false, 21},
		{"a payload", l.places[18].Offset + 600, true, false, 21},
		{"the payload of the last record", l.places[21].Offset + 4096, false, true, 20},
		{"where the log ends", l.places[21].Offset + 4608, false, true, 21},
		{"the next head", l.places[21].Offset + 8192, false, true, 21},
		{"the rest of the last slot", l.places[21].Offset + 6144, false, false, 21},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &badSectors{memory{b: l.b}, []int64{c.at}}
			m, err := Open(d, int64(len(l.b)))
			must(t, err)
			defer m.Close()
			log, err := m.Survey(context.Background(), Options{Payload: true})
			must(t, err)
			if log.Damaged() != c.damaged || (log.Doubt != nil) != c.doubt || log.Last() != c.last || len(log.Unreadable) != 1 {
				t.Fatalf("damaged %t, doubt %v, last record %d, unreadable %v", log.Damaged(), log.Doubt, log.Last(), log.Unreadable)
			}
			if u := log.Unreadable[0]; c.at < u.Offset || c.at >= u.Offset+u.Length || u.Length > 1024 || !errors.Is(u.Err, errMedium) {
				t.Errorf("unreadable %v, not byte %d", &u, c.at)
			}
			if _, err := log.Plan(5, Refuse); errors.Is(err, segment.ErrDamaged) != c.damaged {
				t.Errorf("planned: %v", err)
			}
			if r := log.Report(); (r.Doubt != "") != c.doubt || (r.State == Damaged) != c.damaged || (r.State == Doubt) != c.doubt {
				t.Errorf("reported as %v, doubt %q", r.State, r.Doubt)
			}
		})
	}
}

// ofNextVersion makes a copy of the superblock one that a later program has
// written.
func ofNextVersion(b []byte) {
	le := binary.LittleEndian
	b[8]++
	le.PutUint32(b[12:], 0)
	le.PutUint32(b[12:], segment.Checksum(b[:le.Uint32(b[16:])]))
}

// otherCache makes the copy of the superblock at a byte one of another cache.
func otherCache(b []byte, at int) []byte {
	s, err := segment.DecodeSuper(b[at:])
	if err != nil {
		panic(err)
	}
	s.UUID[0]++
	copy(b[at:], segment.AppendSuper(nil, s))
	return b
}

// TestSuperblocks: what is no cache is told from what is a bad one.
func TestSuperblocks(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
		want   error
	}{
		{"blank", func(b []byte) []byte { clear(b); return b }, segment.ErrNotFormatted},
		{"empty", func(b []byte) []byte { return nil }, segment.ErrNotFormatted},
		{"short", func(b []byte) []byte { return b[:8192] }, ErrShrunk},
		{"shrunk", func(b []byte) []byte { return b[:len(b)-8192] }, ErrShrunk},
		{"a copy bad", func(b []byte) []byte { b[100] ^= 1; return b }, nil},
		{"both bad", func(b []byte) []byte { b[100] ^= 1; b[segment.SuperSpace+100] ^= 1; return b }, ErrNoSuperblock},
		{"version bad", func(b []byte) []byte { b[8]++; b[segment.SuperSpace+8]++; return b }, ErrNoSuperblock},
		{"of two caches", func(b []byte) []byte { return otherCache(b, segment.SuperSpace) }, ErrNoSuperblock},
		{"other version", func(b []byte) []byte { ofNextVersion(b); ofNextVersion(b[segment.SuperSpace:]); return b }, segment.ErrVersion},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.damage(reused(t).b)
			m, err := Open(bytes.NewReader(b), int64(len(b)))
			must(t, err)
			defer m.Close()
			_, err = m.Survey(context.Background(), Options{})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if s, err := m.Super(); !errors.Is(err, c.want) || (s == nil) != (c.want != nil) {
				t.Errorf("the superblock is %v, %v", s, err)
			}
			must(t, Fprint(io.Discard, m.DumpSuper()))
			if _, err := m.DumpSegment(7); (err == nil) != (c.want == nil) {
				t.Errorf("dump of a segment: %v", err)
			}
		})
	}
}

// TestSurveyEnds when it is told to.
func TestSurveyEnds(t *testing.T) {
	b := reused(t).b
	m, err := Open(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Survey(ctx, Options{Payload: true}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestSurveyTellsHowFar it has come: record by record, to the end.
func TestSurveyTellsHowFar(t *testing.T) {
	m := openBytes(t, reused(t).b)
	var told []uint64
	l, err := m.Survey(t.Context(), Options{Payload: true, Progress: func(done, of uint64) {
		if told = append(told, done); of != 9 {
			t.Errorf("of %d records", of)
		}
	}})
	must(t, err)
	if len(told) != len(l.Records) || told[0] != 1 || told[len(told)-1] != 9 {
		t.Errorf("told %d", told)
	}
}

// TestLastOfAnEmptyLog is what was migrated last.
func TestLastOfAnEmptyLog(t *testing.T) {
	l := newBuilder(t, 512, 8<<10, 6)
	l.bind(5, "data", 2048, 0x5555)
	if last := surveyBytes(t, l.b).Last(); last != 0 {
		t.Errorf("of a new cache: %d", last)
	}
	l.record(true, write{device: 5, lba: 8, sectors: 4})
	l.migrated(1)
	if last := surveyBytes(t, l.b).Last(); last != 1 {
		t.Errorf("of a drained one: %d", last)
	}
}

// TestCredible: of two records that cannot both be of this past, that of the
// later epoch is.
func TestCredible(t *testing.T) {
	record := func(epoch, seq uint64) Record {
		return Record{Header: segment.Header{Epoch: epoch, Seq: seq}}
	}
	var got []string
	for _, r := range credible([]Record{record(1, 2), record(2, 5), record(2, 6), record(3, 6), record(2, 7), record(3, 7)}, 2) {
		got = append(got, fmt.Sprintf("%d/%d", r.Header.Epoch, r.Header.Seq))
	}
	if want := "2/5 3/6 3/7"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
