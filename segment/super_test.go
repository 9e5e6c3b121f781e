package segment

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testSuper(t *testing.T) *Super {
	t.Helper()
	g, err := NewGeometry(16<<20, 512, 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	return &Super{
		Generation: 7, UUID: [16]byte{1, 2, 3}, Label: "fast", DeviceSize: 16 << 20, Geometry: g, Nonce: 0xfeed,
		Epoch: 3, LastMigrated: 41, MigratedSeq: 400, DurableSeq: 410, EpochSeq: 402, Clean: true,
		Bindings: []Binding{{ID: 5, State: Attached, UUID: [16]byte{9}, Sectors: 1 << 20, Fingerprint: 77, Name: "myLV", GivenUp: 17, Witness: &Witness{
			Sectors: 1 << 20, Head: []uint32{1, 2, 3}, Tail: []uint32{4},
			Marks: []Mark{{LBA: 2048, Sum: 5}}, Samples: []Mark{{LBA: 1 << 40, Sum: 6}, {LBA: 7, Sum: 7}},
		}}},
	}
}

func TestSuperRoundTrip(t *testing.T) {
	s := testSuper(t)
	got, err := DecodeSuper(AppendSuper(nil, s))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, got); d != "" {
		t.Fatal(d)
	}
}

// What another program has put behind a superblock, in its last 4 KiB, is seen.
func TestSuperIsAlone(t *testing.T) {
	b := append(AppendSuper(nil, testSuper(t)), make([]byte, 4096)...)
	if !SuperIsAlone(b) {
		t.Error("zeroes are taken for something")
	}
	b[SuperLength(b)] = 1
	if !SuperIsAlone(b) {
		t.Error("it looks too far")
	}
	b[SuperLength(b)-1] = 1
	if SuperIsAlone(b) {
		t.Error("the last byte is not seen")
	}
}

// TestP6Features: what a newer program marks is kept, may be read and not be
// written, or is not taken at all.
func TestP6Features(t *testing.T) {
	for _, c := range []struct {
		name      string
		features  Features
		read, use error
	}{
		{"compatible", Features{Compatible: 1 << 63}, nil, nil},
		{"read-only", Features{ReadOnly: 1}, nil, ErrReadOnly},
		{"incompatible", Features{Compatible: 1, ReadOnly: 1, Incompatible: 1 << 40}, ErrVersion, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := testSuper(t)
			s.Features = c.features
			s.Reserved[0], s.Reserved[len(s.Reserved)-1], s.Bindings[0].Reserved[15] = 1, 2, 3
			b := AppendSuper(nil, s)
			got, err := DecodeSuper(b)
			if !errors.Is(err, c.read) {
				t.Fatal(err)
			}
			if err != nil {
				older := testSuper(t)
				older.Generation--
				if _, err := NewestSuper(b, AppendSuper(nil, older)); !errors.Is(err, ErrVersion) {
					t.Errorf("beside an older copy: %v", err)
				}
				return
			}
			if d := cmp.Diff(s, got); d != "" {
				t.Error(d)
			}
			if err := got.Writable(); !errors.Is(err, c.use) {
				t.Error(err)
			}
		})
	}
}

// TestProtectiveMBR: what others see of a cache is as a GPT's disk shows it,
// and a copy without it is as good.
func TestProtectiveMBR(t *testing.T) {
	s := testSuper(t)
	b := AppendSuper(nil, s)
	if b[510] != 0x55 || b[511] != 0xaa || b[446+4] != 0xee || b[446+8] != 1 {
		t.Errorf("no protective MBR: % x", b[446:512])
	}
	clear(b[446:512])
	if _, err := DecodeSuper(b); err == nil {
		t.Error("the MBR is outside of the checksum")
	}
	binary.LittleEndian.PutUint32(b[12:], checksumSkipping(b[:superLength(superVersion, 1)], 12))
	if got, err := DecodeSuper(b); err != nil || !cmp.Equal(s, got) {
		t.Errorf("without the MBR: %v, %v", got, err)
	}
}

// TestSuperSize trips when the format changes: then raise the version and add a
// golden image.
func TestSuperSize(t *testing.T) {
	s := testSuper(t)
	if n := len(AppendSuper(nil, s)); n != 4096 {
		t.Errorf("superblock with one binding is %d bytes", n)
	}
	if superFixed != 512 || bindingSize != 128 || witnessSize != 2048 || recordFixed != 80 || extentSize != 12 {
		t.Error("a structure's size has changed")
	}
}

// TestMaxSuperSize: the room for a copy holds the longest superblock.
func TestMaxSuperSize(t *testing.T) {
	s := testSuper(t)
	full := Witness{Sectors: 1 << 20, Head: make([]uint32, 256), Tail: make([]uint32, maxWitnessed-256), Marks: make([]Mark, MaxMarks), Samples: make([]Mark, MaxSamples)}
	s.Bindings = nil
	for id := range uint8(MaxDevices) {
		s.Bindings = append(s.Bindings, Binding{ID: id + 1, State: Attached, Witness: &full})
	}
	b := AppendSuper(nil, s)
	if len(b) != MaxSuperSize || len(b) > SuperSpace || SuperLength(b[:4096]) != len(b) {
		t.Errorf("the longest superblock has %d bytes, SuperLength %d, MaxSuperSize %d, room for %d", len(b), SuperLength(b[:4096]), MaxSuperSize, SuperSpace)
	}
	got, err := DecodeSuper(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(s, got); d != "" {
		t.Fatal(d)
	}
}

func TestSuperEveryBitCounts(t *testing.T) {
	good := AppendSuper(nil, testSuper(t))
	for i := range superFixed + bindingSize + witnessSize {
		b := append([]byte(nil), good...)
		b[i] ^= 0x10
		if _, err := DecodeSuper(b); err == nil {
			t.Errorf("a flipped bit in byte %d was not noticed", i)
		}
	}
}

// TestP8EitherCopyWillDo: whichever bit of one copy goes bad, the other one counts.
func TestP8EitherCopyWillDo(t *testing.T) {
	s := testSuper(t)
	a := AppendSuper(nil, s)
	s.Generation++
	b := AppendSuper(nil, s)
	for bit := range 8 * superLength(superVersion, 1) {
		b[bit/8] ^= 1 << (bit % 8)
		if got, err := NewestSuper(a, b); err != nil || got.Generation != s.Generation-1 {
			t.Errorf("bit %d of byte %d: %v, %v", bit%8, bit/8, got, err)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
}

func TestNewestSuper(t *testing.T) {
	old := testSuper(t)
	young := *old
	young.Generation++
	a, b := AppendSuper(nil, old), AppendSuper(nil, &young)
	torn := append([]byte(nil), b...)
	torn[200] ^= 1
	blank := make([]byte, 4096)
	stranger := young
	stranger.UUID[0] = 99
	for _, c := range []struct {
		name string
		a, b []byte
		want uint64
		err  error
	}{
		{"both", a, b, young.Generation, nil},
		{"torn update", a, torn, old.Generation, nil},
		{"second blank", a, blank, old.Generation, nil},
		{"first blank", blank, b, young.Generation, nil},
		{"none", blank, blank, 0, ErrNotFormatted},
	} {
		s, err := NewestSuper(c.a, c.b)
		if !errors.Is(err, c.err) || err == nil && s.Generation != c.want {
			t.Errorf("%s: %v, %v", c.name, s, err)
		}
		if err == nil && (s.Other == nil) != (c.name == "both") {
			t.Errorf("%s: the other copy: %v", c.name, s.Other)
		}
	}
	if _, err := NewestSuper(blank, torn); err == nil || errors.Is(err, ErrNotFormatted) {
		t.Errorf("a bad superblock must not look unformatted: %v", err)
	}
	later := append([]byte(nil), b...)
	later[8] = superVersion + 1
	if s, err := NewestSuper(a, later); err != nil || s.Generation != old.Generation {
		t.Errorf("a copy whose version went bad, beside a good one: %v, %v", s, err)
	}
	for _, length := range []int{superFixed, superLength(superVersion, 1), len(later)} {
		binary.LittleEndian.PutUint32(later[16:], uint32(length))
		binary.LittleEndian.PutUint32(later[12:], checksumSkipping(later[:length], 12))
		if _, err := NewestSuper(a, later); !errors.Is(err, ErrVersion) {
			t.Errorf("a newer program's copy of %d bytes beside an old one: %v", length, err)
		}
	}
	if _, err := NewestSuper(a, AppendSuper(nil, &stranger)); err == nil {
		t.Error("copies of two caches were accepted")
	}
}

func TestGeometryRefuses(t *testing.T) {
	for _, c := range []struct {
		name       string
		size       uint64
		block, seg uint32
		want       error
	}{
		{"too small", 1<<20 + 3*64<<10, 512, 64 << 10, ErrTooSmall},
		{"nothing", 0, 512, 64 << 10, ErrTooSmall},
		{"block", 1 << 30, 1024, 64 << 10, ErrGeometry},
		{"not a power of two", 1 << 30, 512, 96 << 10, ErrGeometry},
		{"small segment", 1 << 30, 512, 4 << 10, ErrGeometry},
		{"large segment", 1 << 40, 512, 128 << 20, ErrGeometry},
	} {
		if _, err := NewGeometry(c.size, c.block, c.seg); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
