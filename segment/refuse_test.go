package segment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

// resealed changes an encoded superblock, whose checksum is right again afterwards.
func resealed(t *testing.T, change func(b []byte)) []byte {
	t.Helper()
	b := AppendSuper(nil, testSuper(t))
	change(b)
	binary.LittleEndian.PutUint32(b[12:], checksumSkipping(b[:binary.LittleEndian.Uint32(b[16:])], 12))
	return b
}

// TestSuperRefuses: a correct checksum does not excuse a superblock that says what
// cannot be: what would be read by it lies elsewhere, or nowhere.
func TestSuperRefuses(t *testing.T) {
	le := binary.LittleEndian
	const binding, witness = superFixed, superFixed + bindingSize
	for name, change := range map[string]func(b []byte){
		"128 bindings":                    func(b []byte) { le.PutUint32(b[20:], MaxDevices+1) },
		"a binding that is not there":     func(b []byte) { le.PutUint32(b[20:], 2) },
		"blocks of 1024":                  func(b []byte) { le.PutUint32(b[88:], 1024) },
		"records aligned to 1024":         func(b []byte) { le.PutUint32(b[156:], 1024) },
		"no room for records":             func(b []byte) { le.PutUint32(b[92:], 8<<10); le.PutUint32(b[156:], 4096) },
		"a log from an odd byte on":       func(b []byte) { le.PutUint64(b[104:], LogOffset+512) },
		"a log over the superblocks":      func(b []byte) { le.PutUint64(b[104:], LogOffset-4096) },
		"more slots than are addressable": func(b []byte) { le.PutUint64(b[96:], 1<<40); le.PutUint64(b[80:], 1<<60) },
		"a log beyond the device":         func(b []byte) { le.PutUint64(b[80:], LogOffset) },
		"device 0":                        func(b []byte) { b[binding] = 0 },
		"device 128":                      func(b []byte) { b[binding] = MaxDevices + 1 },
		"too long a head":                 func(b []byte) { le.PutUint16(b[witness:], maxWitnessed) },
		"too many marks":                  func(b []byte) { le.PutUint16(b[witness+4:], MaxMarks+1) },
		"too many samples":                func(b []byte) { le.PutUint16(b[witness+6:], MaxSamples+1) },
		"a head longer than the disk":     func(b []byte) { le.PutUint64(b[witness+8:], 2) },
	} {
		if s, err := DecodeSuper(resealed(t, change)); err == nil || errors.Is(err, ErrNotFormatted) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	s := testSuper(t)
	s.Bindings = append(s.Bindings, s.Bindings[0])
	if _, err := DecodeSuper(AppendSuper(nil, s)); err == nil {
		t.Error("the same device twice was accepted")
	}
}

// TestNothingIsCutToFit: what does not fit is a mistake of the program, and is
// never written in part.
func TestNothingIsCutToFit(t *testing.T) {
	super := func(change func(s *Super)) func() {
		return func() {
			s := testSuper(t)
			change(s)
			AppendSuper(nil, s)
		}
	}
	for name, write := range map[string]func(){
		"a label":    super(func(s *Super) { s.Label = strings.Repeat("x", labelSize+1) }),
		"a name":     super(func(s *Super) { s.Bindings[0].Name = strings.Repeat("x", nameSize+1) }),
		"a witness":  super(func(s *Super) { s.Bindings[0].Witness.Head = make([]uint32, maxWitnessed) }),
		"marks":      super(func(s *Super) { s.Bindings[0].Witness.Marks = make([]Mark, MaxMarks+1) }),
		"bindings":   super(func(s *Super) { s.Bindings = make([]Binding, MaxDevices+1) }),
		"extents":    func() { SealRecord(make([]byte, 1024), &Header{HeaderSectors: 1, PayloadSectors: 1, Extents: 40}, nil) },
		"no payload": func() { SealRecord(make([]byte, 512), &Header{HeaderSectors: 1, PayloadSectors: 1, Extents: 1}, nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: written", name)
				}
			}()
			write()
		}()
	}
}

// TestWalkRefuses: migration takes a segment as recovery has found it, record
// by record, or not at all.
func TestWalkRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(s *Span)
		pos    uint32 // where the damage is
	}{
		{"as it is", func(*Span) {}, 0},
		{"another first record", func(s *Span) { s.FirstSeq++ }, 0},
		{"a record more", func(s *Span) { s.LastSeq++ }, 0},
		{"a record that ends too late", func(s *Span) { s.End-- }, 10},
	} {
		l := newImage(t)
		l.fill()
		span := Span{ID: 2, FirstSeq: 4, LastSeq: 6, End: 15}
		c.change(&span)
		err := Walk(l.b[l.at(2, 0):l.at(3, 0)], l.s.Geometry, l.s.Life(), span, (*Record).VerifyPayload, func(*Record, []byte) {})
		var damage *DamageError
		if c.name == "as it is" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if !errors.As(err, &damage) || damage.Segment != 2 || damage.Offset != int64(l.at(2, c.pos)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestVerifyPayloadIsOfAllOfIt: half a payload is none, whatever its checksums.
func TestVerifyPayloadIsOfAllOfIt(t *testing.T) {
	l := newImage(t)
	l.record(16)
	b := l.b[l.at(1, 0):]
	r, err := ParseRecord(b, l.s.Geometry, l.s.Nonce, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for sectors, good := range map[int]bool{16: true, 8: false, 17: false} {
		if err := r.VerifyPayload(b[SectorSize:][:sectors*SectorSize]); (err == nil) != good {
			t.Errorf("%d sectors: %v", sectors, err)
		}
	}
}

// TestFindBadWantsHeaders: a header that could not be read says nothing, though the
// zeroes in its place be what was read.
func TestFindBadWantsHeaders(t *testing.T) {
	l := newImage(t)
	l.fill()
	l.b[l.at(2, 7)] ^= 1
	image, span := l.b[l.at(2, 0):l.at(3, 0)], Span{ID: 2, FirstSeq: 4, LastSeq: 6, End: 15}
	bad, err := FindBad(image, l.s.Geometry, l.s.Life(), span, nil)
	if err != nil || len(bad) != 1 || bad[0].Seq != 5 {
		t.Fatalf("%v, %v", bad, err)
	}
	if got, want := bad[0].String(), "record 5 of segment 2"; !strings.HasPrefix(got, want) || !strings.Contains(got, bad[0].Reason) {
		t.Errorf("%q, want %s and the reason", got, want)
	}
	unread := []Unread{{Offset: int64(l.at(2, 5)), Length: SectorSize, Err: syscall.EIO}}
	var damage *DamageError
	if _, err := FindBad(image, l.s.Geometry, l.s.Life(), span, unread); !errors.As(err, &damage) || damage.Seq != 5 || damage.Reason != error(&unread[0]) {
		t.Errorf("with a header that cannot be read: %v", err)
	}
}

// TestP6EndBeyondTheSlot: a header may say that the segment before it is longer
// than any.
func TestP6EndBeyondTheSlot(t *testing.T) {
	l := newImage(t)
	l.longRecord(1, l.s.Geometry.SegmentSectors()-1) // all of it
	l.nextSegment()
	l.prevEnd = l.s.Geometry.SegmentSectors() + 8
	l.record(4)
	r, seqs, err := l.recover()
	if err != nil || len(seqs) != 1 || r.LastSeq != 1 {
		t.Errorf("records %d, %+v, %v", seqs, r, err)
	}
}

// failing is a device whose reads of more than a block fail as bad sectors do, and
// all from a byte on for good.
type failing struct {
	io.ReaderAt
	gone int64
}

func (f *failing) ReadAt(b []byte, off int64) (int, error) {
	switch {
	case off+int64(len(b)) > f.gone && len(b) <= 1024:
		return 0, syscall.ENODEV
	case len(b) > 512:
		return 0, syscall.EIO
	}
	return f.ReaderAt.ReadAt(b, off)
}

// TestReadAroundEndsWithTheDevice: a device that is gone is no bad sector.
func TestReadAroundEndsWithTheDevice(t *testing.T) {
	for gone, want := range map[int64]error{4096: nil, 512: syscall.ENODEV, 3072: syscall.ENODEV} {
		b := make([]byte, 4096)
		unread, err := ReadAround(&failing{bytes.NewReader(make([]byte, 4096)), gone}, b, 0, 512)
		if !errors.Is(err, want) || len(unread) > 0 {
			t.Errorf("gone from byte %d on: %v, %v", gone, unread, err)
		}
	}
}
