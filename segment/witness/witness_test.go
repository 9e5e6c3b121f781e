package witness

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// memory is a disk in memory.
type memory struct {
	b   []byte
	bad map[uint64]bool // sectors that cannot be read
}

func newMemory(sectors int) *memory {
	return &memory{b: make([]byte, sectors*segment.SectorSize), bad: map[uint64]bool{}}
}

var errBad = errors.New("bad sector")

func (m *memory) Sector(lba uint64) ([]byte, error) {
	if m.bad[lba] || (lba+1)*segment.SectorSize > uint64(len(m.b)) {
		return nil, errBad
	}
	return m.b[lba*segment.SectorSize:][:segment.SectorSize], nil
}

// put writes a sector that says v, and at is what it says.
func (m *memory) put(lba uint64, v byte) { copy(m.b[lba*segment.SectorSize:], sector(v)) }

func sector(v byte) []byte {
	b := make([]byte, segment.SectorSize)
	for i := range b {
		b[i] = v + byte(i)
	}
	return b
}

func (m *memory) filled() *memory {
	for lba := range len(m.b) / segment.SectorSize {
		m.put(uint64(lba), byte(lba))
	}
	return m
}

var small = Scope{Head: 4, Tail: 2, Marks: 3, Samples: 3}

// TestP8JudgeKnowsTheDisk: what is on the disk decides, at each kind of place.
func TestP8JudgeKnowsTheDisk(t *testing.T) {
	const dev = 3
	w := Capture(newMemory(100).filled(), 100, &segment.Witness{Samples: []segment.Mark{{LBA: 50}}}, small)
	w.Marks = []segment.Mark{{LBA: 40, Sum: segment.Checksum(sector(40))}}
	log := newLog(t, 4, segment.Binding{ID: dev, GivenUp: 1, Witness: w})
	log.write(dev, 3, 1, some(1, 0xa1)) // given up
	log.write(dev, 2, 1, some(1, 0xa1))
	log.write(dev, 1, 8, some(8, 0xa1))    // 0xa2 of sector 2
	log.write(dev, 35, 10, some(10, 0x9e)) // 0xa3 of sector 40
	log.write(dev, 0, 1, nil)
	for _, tc := range []struct {
		name    string
		change  func(m *memory)
		changed bool
		place   Place
		first   uint64
	}{
		{name: "nothing", change: func(*memory) {}},
		{name: "between the places", change: func(m *memory) { m.put(70, 1) }},
		{name: "an older version of the log", change: func(m *memory) { m.put(2, 0xa1) }},
		{name: "an older version of the log, and a change", change: func(m *memory) { m.put(2, 0xa1); m.put(3, 9) }, changed: true, place: Head, first: 3},
		{name: "the newest version of the log", change: func(m *memory) { m.put(2, 0xa2) }},
		{name: "a version of another sector", change: func(m *memory) { m.put(1, 0xa2) }, changed: true, place: Head, first: 1},
		{name: "a version that was given up", change: func(m *memory) { m.put(3, 0xa1) }, changed: true, place: Head, first: 3},
		{name: "a discard of the log", change: func(m *memory) { clear(m.b[:512]) }},
		{name: "head", change: func(m *memory) { m.put(0, 9); m.put(3, 9) }, changed: true, place: Head, first: 0},
		{name: "tail", change: func(m *memory) { m.put(99, 9) }, changed: true, place: Tail, first: 99},
		{name: "mark", change: func(m *memory) { m.put(40, 9) }, changed: true, place: Marks, first: 40},
		{name: "mark, as the log has it", change: func(m *memory) { m.put(40, 0xa3) }},
		{name: "sample", change: func(m *memory) { m.put(50, 9) }, changed: true, place: Samples, first: 50},
		{name: "grown", change: func(m *memory) { m.b = append(m.b, make([]byte, 5000)...) }},
		{name: "grown and changed", change: func(m *memory) { m.b = append(m.b, make([]byte, 5000)...); m.put(99, 0) }, changed: true, place: Tail, first: 99},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(100).filled()
			tc.change(m)
			v := Judge(w, m, log.c.Versions(dev), log)
			if v.Changed() != tc.changed || !v.Telling || v.Unjudged != 0 {
				t.Fatalf("%+v: %s", v, v.String())
			}
			if tc.changed && (v.Differ[tc.place] == 0 || v.First != tc.first) {
				t.Fatalf("%+v: %s", v, v.String())
			}
		})
	}
}

// TestP8BlankDisksTellNothing: two disks that hold nothing match each other.
func TestP8BlankDisksTellNothing(t *testing.T) {
	m := newMemory(64)
	w := Capture(m, 64, nil, small)
	if v := Judge(w, m, nil, nil); v.Changed() || v.Telling {
		t.Errorf("blank: %+v", v)
	}
	m.put(1, 7)
	w = Capture(m, 64, nil, small)
	if v := Judge(w, m, nil, nil); v.Changed() || !v.Telling {
		t.Errorf("with one sector: %+v", v)
	}
}

// TestP9UnreadableSectorsAreNotJudged: neither of the disk nor of the log.
func TestP9UnreadableSectorsAreNotJudged(t *testing.T) {
	m := newMemory(64).filled()
	m.bad[2], m.bad[62] = true, true
	if w := Capture(m, 64, nil, small); len(w.Head) != 2 || len(w.Tail) != 1 || w.Tail[0] != segment.Checksum(sector(63)) {
		t.Errorf("captured %d and %d sectors", len(w.Head), len(w.Tail))
	}
	m.bad[2], m.bad[62] = false, false
	w := Capture(m, 64, nil, small)
	log := newLog(t, 4, segment.Binding{ID: 1, Witness: w})
	log.write(1, 1, 1, some(1, 99))
	log.bad[uint64(log.at)] = true
	m.bad[3] = true
	m.put(1, 99)
	if v := Judge(w, m, log.c.Versions(1), log); v.Changed() || v.Unjudged != 2 || v.Damaged != 0 {
		t.Errorf("%+v", v)
	}
}

// TestCollectorIsBounded: what it does not keep is not judged.
func TestCollectorIsBounded(t *testing.T) {
	m := newMemory(64).filled()
	w := Capture(m, 64, nil, small)
	c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}}})
	c.most = 1
	for lba := range uint64(3) {
		c.Place(&segment.Header{Seq: 1}, &segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Discard, LBA: lba, Sectors: 1}})
	}
	if v := c.Versions(1); v.Kept() != 1 || !v.judges(0) || v.judges(1) || v.judges(2) || !v.judges(3) {
		t.Fatalf("kept %d, lost %v", v.Kept(), v.lost)
	}
	m.put(1, 99)
	m.put(2, 99)
	if v := Judge(w, m, c.Versions(1), newMemory(1)); v.Changed() || v.Unjudged != 2 {
		t.Errorf("%+v", v)
	}
	m.put(3, 99)
	if v := Judge(w, m, c.Versions(1), newMemory(1)); !v.Changed() || v.First != 3 {
		t.Errorf("%+v", v)
	}
}

// TestTinyDisks: the ends never meet.
func TestTinyDisks(t *testing.T) {
	for n := range uint64(8) {
		w := Capture(newMemory(int(n)), n, nil, small)
		if len(w.Head) != int(min(n, 4)) || len(w.Tail) != int(min(n-min(n, 4), 2)) {
			t.Errorf("%d sectors: %d and %d", n, len(w.Head), len(w.Tail))
		}
	}
}

// TestP7Covers holds it to a look at each sector.
func TestP7Covers(t *testing.T) {
	w := &segment.Witness{Sectors: 30, Head: make([]uint32, 3), Tail: make([]uint32, 2), Marks: []segment.Mark{{LBA: 9}}, Samples: []segment.Mark{{LBA: 14}}}
	on := map[uint64]bool{0: true, 1: true, 2: true, 9: true, 14: true, 28: true, 29: true}
	f := newFilter(w)
	for lba := range uint64(40) {
		for n := uint64(1); n < 20; n++ {
			want := false
			for at := lba; at < lba+n; at++ {
				want = want || on[at]
			}
			if got := Covers(w, lba, n); got != want {
				t.Errorf("[%d+%d]: %v", lba, n, got)
			}
			if want && !f.passes(lba, n) {
				t.Errorf("[%d+%d] does not pass the filter", lba, n)
			}
		}
	}
	if Covers(nil, 0, 10) {
		t.Error("nothing covers something")
	}
}

// picky is a device that takes only what direct I/O may do.
type picky struct {
	t    *testing.T
	m    *memory
	fail int64 // no read over this byte succeeds
}

func (p *picky) ReadAt(b []byte, off int64) (int, error) {
	end := off + int64(len(b))
	if off%block != 0 || end%block != 0 && end != int64(len(p.m.b)) {
		p.t.Errorf("read of %d bytes at byte %d", len(b), off)
	}
	if off <= p.fail && p.fail < end {
		return 0, errBad
	}
	n := copy(b, p.m.b[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// TestReader: aligned reads, also of a disk whose size is not; around a bad
// sector what can be read is.
func TestReader(t *testing.T) {
	m := newMemory(300 + 3).filled()
	d, err := NewReader(&picky{t, m, 4096*17 + 512}, 303)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for lba := range uint64(310) {
		b, err := d.Sector(lba)
		if bad := lba/8 == 17 || lba >= 303; bad != (err != nil) {
			t.Errorf("sector %d: %v", lba, err)
		} else if !bad && string(b) != string(sector(byte(lba))) {
			t.Errorf("sector %d holds something else", lba)
		}
	}
}

// TestReaderOfAShrunkDisk: what was there when it was opened, and is no more,
// is an error.
func TestReaderOfAShrunkDisk(t *testing.T) {
	m := newMemory(40).filled()
	d, err := NewReader(bytes.NewReader(m.b[:20*segment.SectorSize]), 40)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for lba := range uint64(40) {
		b, err := d.Sector(lba)
		if there := lba < 16; there && (err != nil || string(b) != string(sector(byte(lba)))) || !there && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("sector %d: %v", lba, err)
		}
	}
}

// Only sectors that a witness names have a number.
func TestNoNumberWithoutWitness(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a sector that is not witnessed has a number")
		}
	}()
	(&Versions{of: &segment.Witness{Sectors: 10, Head: []uint32{1}}}).index(5)
}

// There is no reader without memory.
func TestNoMemoryNoReader(t *testing.T) {
	kit.LimitSpace(t, 0, func() {
		if r, err := NewReader(bytes.NewReader(nil), 0); r != nil || !errors.Is(err, unix.ENOMEM) {
			t.Errorf("%v, %v", r, err)
		}
	})
}

// A disk is mostly itself when what is as it should be outweighs what is not, and
// there is some of it.
func TestVerdictMostly(t *testing.T) {
	for _, c := range []struct {
		alike, differ int
		want          bool
	}{{0, 0, false}, {1, 0, true}, {3, 3, true}, {3, 4, false}} {
		v := Verdict{Alike: c.alike, Differ: [places]int{0, c.differ}}
		if got := v.Mostly(); got != c.want {
			t.Errorf("%d alike, %d not: %v", c.alike, c.differ, got)
		}
	}
}

// TestVerdictSays what was seen.
func TestVerdictSays(t *testing.T) {
	v := Verdict{Differ: [places]int{3, 0, 1, 0}, Of: [places]int{256, 128, 4, 12}, First: 2}
	want := "3 of 256 sectors at its start and 1 of 4 sectors that are superblocks hold what was not written through the cache, the first of them sector 2"
	if d := cmp.Diff(want, v.String()); d != "" {
		t.Error(d)
	}
}
