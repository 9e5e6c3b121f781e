package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"syscall"
	"testing"
)

// logImage builds a log record by record, as the cache would write it.
type logImage struct {
	t       *testing.T
	s       *Super
	b       []byte
	id      uint64
	pos     uint32
	prevEnd uint32
	seq     uint64
	durable uint64
}

func newImage(t *testing.T) *logImage {
	g, err := NewGeometry(LogOffset+8*16<<10, 512, 16<<10)
	if err != nil {
		t.Fatal(err)
	}
	s := &Super{DeviceSize: LogOffset + 8*16<<10, Geometry: g, Nonce: 42, Epoch: 1}
	return &logImage{t: t, s: s, b: make([]byte, s.DeviceSize), id: 1}
}

func (l *logImage) record(sectors uint32) { l.longRecord(1, sectors) }

func (l *logImage) longRecord(header, sectors uint32) {
	l.seq++
	h := Header{Nonce: l.s.Nonce, Epoch: l.s.Epoch, Segment: l.id, Seq: l.seq, DurableSeq: l.durable,
		Position: l.pos, PayloadSectors: sectors, HeaderSectors: uint16(header), Extents: 1}
	if l.pos == 0 {
		h.PrevEnd = l.prevEnd
	}
	at := l.at(l.id, l.pos)
	img := l.b[at : at+int(header+sectors)*SectorSize]
	for i := int(header) * SectorSize; i < len(img); i += 8 {
		binary.LittleEndian.PutUint64(img[i:], l.seq<<32|uint64(i))
	}
	PutExtent(img, 0, Extent{Device: 1, Kind: Data, LBA: l.seq * 100, Sectors: sectors})
	SealRecord(img, &h, nil)
	l.pos += header + sectors
}

func (l *logImage) at(id uint64, pos uint32) int {
	return int(l.s.Geometry.SlotOffset(l.s.Geometry.Slot(id))) + int(pos)*SectorSize
}

func (l *logImage) nextSegment() { l.prevEnd, l.pos, l.id = l.pos, 0, l.id+1 }

func (l *logImage) recover() (*Recovery, []uint64, error) {
	var seqs []uint64
	r, err := Recover(bytes.NewReader(l.b), l.s, func(r *Record) { seqs = append(seqs, r.Seq) })
	return r, seqs, err
}

// fill writes 3 segments of 3 records: sequences 1-3, 4-6, 7-9.
func (l *logImage) fill() {
	for range 3 {
		for range 3 {
			l.record(4)
		}
		l.nextSegment()
	}
}

// TestP6DamageTable damages a log of nine records and says what must survive.
func TestP6DamageTable(t *testing.T) {
	for _, c := range []struct {
		name    string
		durable uint64 // stated by the records from the fifth on
		damage  func(l *logImage)
		last    uint64 // highest sequence that survives
		reason  error
	}{
		{"nothing", 0, func(*logImage) {}, 9, nil},
		{"torn payload at the tail", 0, func(l *logImage) { l.b[l.at(3, 13)] ^= 1 }, 8, nil},
		{"torn header at the tail", 0, func(l *logImage) { l.b[l.at(3, 10)+100] ^= 1 }, 8, nil},
		{"lost middle of the last segment", 0, func(l *logImage) { clear(l.b[l.at(3, 5):l.at(3, 10)]) }, 7, nil},
		{"lost head of the last segment", 0, func(l *logImage) { clear(l.b[l.at(3, 0):l.at(3, 1)]) }, 6, nil},
		{"torn payload in the middle", 0, func(l *logImage) { l.b[l.at(2, 1)] ^= 1 }, 3, nil},
		{"lost whole segment", 0, func(l *logImage) { clear(l.b[l.at(2, 0):l.at(3, 0)]) }, 3, nil},
		{"everything lost", 0, func(l *logImage) { clear(l.b[l.at(1, 0):]) }, 0, nil},
		{"header below durable", 4, func(l *logImage) { l.b[l.at(1, 5)+20] ^= 1 }, 1, ErrDamaged},
		{"head below durable", 4, func(l *logImage) { clear(l.b[l.at(1, 0):l.at(1, 1)]) }, 0, ErrDamaged},
		{"payload below durable is found at migration", 4, func(l *logImage) { l.b[l.at(1, 1)] ^= 1 }, 9, nil},
		{"tail above durable", 4, func(l *logImage) { clear(l.b[l.at(2, 5):]) }, 4, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newImage(t)
			for i := range 9 {
				if i > 0 && i%3 == 0 {
					l.nextSegment()
				}
				if i >= 4 {
					l.durable = c.durable
				}
				l.record(4)
			}
			c.damage(l)
			r, seqs, err := l.recover()
			if !errors.Is(err, c.reason) {
				t.Fatalf("error %v, want %v", err, c.reason)
			}
			if r.LastSeq != c.last || len(seqs) != int(c.last) {
				t.Fatalf("recovered up to %d (%v), want %d", r.LastSeq, seqs, c.last)
			}
		})
	}
}

// TestP6DurableStatedBehindTheBreak: the only witness lies in the same slot,
// behind the hole.
func TestP6DurableStatedBehindTheBreak(t *testing.T) {
	l := newImage(t)
	l.record(2)
	l.record(2)
	l.durable = 2
	l.record(2)
	l.b[l.at(1, 3)+30] ^= 1
	_, _, err := l.recover()
	var d *DamageError
	if !errors.As(err, &d) || d.Seq != 2 || d.Offset != int64(l.at(1, 3)) {
		t.Fatalf("got %v", err)
	}
}

// TestP3AbandonedPastStaysDead: records dropped by one recovery must not join a
// later run.
func TestP3AbandonedPastStaysDead(t *testing.T) {
	l := newImage(t)
	l.record(4)
	l.record(4) // will be torn, and is dropped
	l.nextSegment()
	l.record(4) // so this one is dropped too
	l.record(4)
	l.b[l.at(1, 7)] ^= 1
	r, _, err := l.recover()
	if err != nil || r.LastSeq != 1 || !r.Dropped {
		t.Fatalf("%+v, %v", r, err)
	}
	l.b[l.at(1, 7)] ^= 1 // the medium changes its mind
	l.s.Epoch++
	l.s.DurableSeq, l.s.EpochSeq = r.LastSeq, r.LastSeq
	l.seq, l.id, l.pos, l.prevEnd = r.LastSeq, 2, 0, r.PrevEnd
	l.record(4) // exactly over the dead head: its old successor fits by sequence
	r, seqs, err := l.recover()
	if err != nil || r.LastSeq != 2 || len(seqs) != 2 || r.Segments[1].End != 5 {
		t.Fatalf("%+v, %v, %v", r, seqs, err)
	}
	l.s.DurableSeq = 2 // a superblock was written since; now only the new head tells where the old segment ends
	r, seqs, err = l.recover()
	if err != nil || len(seqs) != 2 || r.Segments[0].End != 5 || len(r.Segments) != 2 {
		t.Fatalf("with the new record known to be durable: %+v, %v, %v", r, seqs, err)
	}
	l.s.Epoch, l.s.EpochSeq = l.s.Epoch+1, 2 // and a resume has accepted it: the dead one's sequence is no longer above that
	r, seqs, err = l.recover()
	if err != nil || len(seqs) != 2 || r.Segments[0].End != 5 || len(r.Segments) != 2 {
		t.Fatalf("after another resume: %+v, %v, %v", r, seqs, err)
	}
}

// TestP6FullRing: damage in the last segment of a log that fills its ring is found
// like any other.
func TestP6FullRing(t *testing.T) {
	l := newImage(t)
	for range l.s.Geometry.Slots {
		l.nextSegment()
		l.record(4)
	}
	l.s.LastMigrated = 1
	l.record(4)
	l.durable = l.seq
	l.record(4)
	l.b[l.at(l.id, 5)+30] ^= 1 // the last but one
	r, _, err := l.recover()
	var d *DamageError
	if !errors.As(err, &d) || d.Seq != l.seq-1 || d.Offset != int64(l.at(l.id, 5)) {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestP6DroppedRecordBelowDurable: the record that took a dropped one's place was
// durable, and goes bad. That is damage, although the dropped one still follows
// the run, and its sequence is known to be durable.
func TestP6DroppedRecordBelowDurable(t *testing.T) {
	l := newImage(t)
	l.record(4)
	l.record(4) // torn, and dropped
	l.b[l.at(1, 7)] ^= 1
	l.s.Epoch++
	l.s.EpochSeq, l.s.DurableSeq = 1, 2
	l.seq, l.id, l.pos, l.prevEnd = 1, 2, 0, 5
	l.record(4)
	l.b[l.at(2, 0)+30] ^= 1
	r, _, err := l.recover()
	var d *DamageError
	if !errors.As(err, &d) || d.Seq != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestP3OldLapIsNoRecord: what an earlier lap of the ring has left in a slot is no
// record of the segment that the slot is for now.
func TestP3OldLapIsNoRecord(t *testing.T) {
	l := newImage(t)
	l.record(4)
	at := l.at(1, 0)
	b := l.b[at : at+SectorSize]
	if _, err := ParseRecord(b, l.s.Geometry, l.s.Nonce, 1, 0); err != nil {
		t.Fatal(err)
	}
	lap := l.s.Geometry.Slots
	if _, err := ParseRecord(b, l.s.Geometry, l.s.Nonce, 1+lap, 0); !errors.Is(err, errBadPlace) {
		t.Errorf("record of segment 1 taken for one of segment %d: %v", 1+lap, err)
	}
}

// TestP3AbandonedPastStartsNoRun: what a recovery has dropped does not come back
// when all that it followed is migrated.
func TestP3AbandonedPastStartsNoRun(t *testing.T) {
	l := newImage(t)
	for range 3 {
		l.record(4)
		l.nextSegment()
	}
	l.s.Epoch++ // record 3 was dropped, segment 2 ended with record 2
	l.s.LastMigrated, l.s.MigratedSeq, l.s.DurableSeq, l.s.EpochSeq = 2, 2, 2, 2
	r, seqs, err := l.recover()
	if err != nil || len(seqs) != 0 || r.LastSeq != 2 {
		t.Fatalf("%+v, %v, %v", r, seqs, err)
	}
}

// TestP6HeaderLongerThanItsRoom: a damaged length near the end of a slot must
// end the run, not the program.
func TestP6HeaderLongerThanItsRoom(t *testing.T) {
	l := newImage(t)
	l.record(4)
	l.record(4)
	l.b[l.at(1, 5)+60] = MaxHeaderSectors // header length; the checksum is not even looked at
	if r, _, err := l.recover(); err != nil || r.LastSeq != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestP8AnotherCachesLogIsNotReplayed: a reformat changes the nonce, nothing else.
func TestP8AnotherCachesLogIsNotReplayed(t *testing.T) {
	l := newImage(t)
	l.fill()
	l.s.Nonce++
	if r, seqs, err := l.recover(); err != nil || r.LastSeq != 0 || len(seqs) != 0 {
		t.Fatalf("%+v, %v, %v", r, seqs, err)
	}
}

// TestMigratedIsNotReplayed: segments up to last_migrated are not looked at, in
// whatever state they are.
func TestMigratedIsNotReplayed(t *testing.T) {
	l := newImage(t)
	l.fill()
	l.s.LastMigrated, l.s.MigratedSeq = 2, 6
	clear(l.b[l.at(1, 0):l.at(3, 0)])
	r, seqs, err := l.recover()
	if err != nil || r.LastSeq != 9 || len(seqs) != 3 || seqs[0] != 7 {
		t.Fatalf("%+v, %v, %v", r, seqs, err)
	}
}

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// TestP9ReadErrorIsNotATornTail: what cannot be read must not be dropped.
func TestP9ReadErrorIsNotATornTail(t *testing.T) {
	l := newImage(t)
	if _, err := Recover(failingReader{}, l.s, func(*Record) {}); !errors.Is(err, io.ErrClosedPipe) {
		t.Fatal(err)
	}
}

func TestRecordEveryHeaderBitCounts(t *testing.T) {
	l := newImage(t)
	l.record(4)
	at := l.at(1, 0)
	for i := range SectorSize {
		l.b[at+i] ^= 4
		if _, err := ParseRecord(l.b[at:], l.s.Geometry, 42, 1, 0); err == nil {
			t.Errorf("a flipped bit in byte %d of the header was not noticed", i)
		}
		l.b[at+i] ^= 4
	}
}

// badByte is a device of which one byte cannot be read.
type badByte struct {
	b   []byte
	at  int64
	err error
}

func (r *badByte) ReadAt(b []byte, off int64) (int, error) {
	if off <= r.at && r.at < off+int64(len(b)) {
		return 0, r.err
	}
	return copy(b, r.b[off:]), nil
}

// TestP6DeviceGone: a device that is gone, or that refuses a read, has not told
// what is there. Wherever that happens, it is neither a torn tail nor damage.
func TestP6DeviceGone(t *testing.T) {
	l := newImage(t)
	l.record(4)
	l.durable = 1
	l.record(4)
	for _, at := range []int{l.at(1, 0), l.at(1, 5), l.at(1, 7), l.at(1, 20), l.at(2, 0), l.at(5, 0)} {
		for _, err := range []error{syscall.ENODEV, syscall.EINVAL, syscall.ETIMEDOUT, io.ErrUnexpectedEOF} {
			_, got := Recover(&badByte{l.b, int64(at), err}, l.s, func(*Record) {})
			if !errors.Is(got, err) || errors.Is(got, ErrDamaged) {
				t.Errorf("byte %d fails with %v: %v", at, err, got)
			}
		}
		r, err := Recover(&badByte{l.b, int64(at), syscall.EIO}, l.s, func(*Record) {})
		if at != l.at(1, 0) && (err != nil || len(r.Unread) != 1) {
			t.Errorf("byte %d cannot be read: %+v, %v", at, r, err)
		}
	}
}

// TestP6CleanLogLeavesNoDoubt: after a clean shutdown it is known which record
// was the last.
func TestP6CleanLogLeavesNoDoubt(t *testing.T) {
	for _, clean := range []bool{false, true} {
		l := newImage(t)
		l.record(4)
		l.s.DurableSeq, l.s.Clean = 1, clean
		r, err := Recover(&badByte{l.b, int64(l.at(2, 0)), syscall.EIO}, l.s, func(*Record) {})
		if err != nil || (r.Doubt == nil) != clean {
			t.Errorf("clean %t: %+v, %v", clean, r, err)
		}
	}
}

// TestWalkKnowsItsLife: a segment's image is walked only if all its records are of
// the log's own life.
func TestWalkKnowsItsLife(t *testing.T) {
	l := newImage(t)
	l.fill()
	l.s.EpochSeq = 2
	image := l.b[l.at(1, 0):l.at(1, l.s.Geometry.SegmentSectors())]
	span := Span{ID: 1, FirstSeq: 1, LastSeq: 3, End: 15}
	for _, c := range []struct {
		name  string
		life  Life
		field string
	}{
		{"its own", Life{42, 1, 0}, ""},
		{"accepted by the last resume", Life{42, 2, 3}, ""},
		{"dropped by the last resume", Life{42, 2, 2}, "epoch"},
		{"of a later resume", Life{42, 0, 3}, "epoch"},
		{"of another log", Life{41, 1, 0}, ""},
	} {
		err := Walk(image, l.s.Geometry, c.life, span, (*Record).VerifyPayload, func(*Record, []byte) {})
		if field := badField(err); field != c.field || (err == nil) != (c.life.Nonce == 42 && c.field == "") {
			t.Errorf("%s: %q, %v", c.name, field, err)
		}
	}
	for _, epochs := range [][3]uint64{{1, 2, 1}, {2, 1, 2}, {1, 1, 2}} {
		l := newImage(t)
		for _, l.s.Epoch = range epochs {
			l.record(4)
		}
		image := l.b[l.at(1, 0):l.at(1, l.s.Geometry.SegmentSectors())]
		if err := Walk(image, l.s.Geometry, Life{42, 3, 3}, span, (*Record).VerifyPayload, func(*Record, []byte) {}); badField(err) != "epoch" {
			t.Errorf("epochs %v in one segment: %v", epochs, err)
		}
	}
}

// badField is the field of a record for which it is damaged, or "".
func badField(err error) string {
	var damage *DamageError
	if errors.As(err, &damage) {
		if field, ok := damage.Reason.(*FieldError); ok {
			return field.Field
		}
	}
	return ""
}
