package witness

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// testLog is a log in memory, whose records a collector sees.
type testLog struct {
	*memory
	t     *testing.T
	super *segment.Super
	c     *Collector
	id    uint64 // segment
	pos   uint32
	seq   uint64
	at    int64 // of the payload of the last record, in sectors
}

// newLog has room for so many segments of 64 KiB.
func newLog(t *testing.T, segments int, bindings ...segment.Binding) *testLog {
	t.Helper()
	size := segment.LogOffset + segments*64<<10
	g, err := segment.NewGeometry(uint64(size), 512, 64<<10)
	if err != nil {
		t.Fatal(err)
	}
	s := &segment.Super{Geometry: g, Nonce: 5, Bindings: bindings}
	return &testLog{memory: newMemory(size / segment.SectorSize), t: t, super: s, c: NewCollector(s), id: 1}
}

// write appends a record with one extent: data, or zeroes if that is nil.
func (l *testLog) write(dev uint8, lba uint64, sectors int, data []byte) {
	l.t.Helper()
	e := segment.Extent{Device: dev, Kind: segment.Data, LBA: lba, Sectors: uint32(sectors)}
	if data == nil {
		e.Kind = segment.Discard
	}
	l.seq++
	h := segment.Header{Nonce: l.super.Nonce, Segment: l.id, Seq: l.seq, Position: l.pos, HeaderSectors: 1, Extents: 1, PayloadSectors: uint32(len(data) / segment.SectorSize)}
	if h.End() > l.super.Geometry.SegmentSectors() {
		l.id, l.pos = l.id+1, 0
		h.Segment, h.Position = l.id, 0
	}
	at := l.super.Geometry.SlotSector(l.super.Geometry.Slot(l.id)) + int64(l.pos)
	b := l.b[at*segment.SectorSize:][:segment.SectorSize+len(data)]
	segment.PutExtent(b, 0, e)
	copy(b[segment.SectorSize:], data)
	segment.SealRecord(b, &h, nil)
	r, err := segment.ParseRecord(b, l.super.Geometry, l.super.Nonce, h.Segment, h.Position)
	if err != nil {
		l.t.Fatal(err)
	}
	l.c.Add(&r)
	l.pos, l.at = h.End(), at+1
}

// some are sectors that all hold v, each a little different.
func some(sectors int, v byte) (b []byte) {
	for i := range sectors {
		b = append(b, sector(v+byte(i))...)
	}
	return b
}

// TestP8DamageOfTheLogIsNoChange: where the log has gone bad, in the header of a
// record or its payload, nothing is said of the disk that may have it.
func TestP8DamageOfTheLogIsNoChange(t *testing.T) {
	w := Capture(newMemory(100).filled(), 100, nil, Scope{Head: 40})
	for name, off := range map[string]int64{"header": -1, "this chunk": 8, "another sector of this chunk": 15, "another chunk": 16} {
		t.Run(name, func(t *testing.T) {
			log := newLog(t, 4, segment.Binding{ID: 3, Witness: w})
			log.write(3, 0, 24, some(24, 0x77))
			disk := newMemory(100).filled()
			copy(disk.b[9*segment.SectorSize:], sector(0x77+9)) // as an unfinished batch leaves it
			disk.put(30, 0)
			log.b[(log.at+off)*segment.SectorSize+100] ^= 4
			v := Judge(w, disk, log.c.Versions(3), log)
			if !v.Changed() || v.First != 30 || v.Differ[Head] != 1 {
				t.Errorf("%+v: %s", v, v.String())
			}
			if want := map[bool]int{true: 0, false: 1}[name == "another chunk"]; v.Damaged != want || v.Unjudged != want || v.Of[Head] != 40-want {
				t.Errorf("%+v: %s", v, v.String())
			}
			disk.put(30, 30)
			if v := Judge(w, disk, log.c.Versions(3), log); v.Changed() {
				t.Errorf("%+v: %s", v, v.String())
			}
		})
	}
}

// TestP8AnotherVersionWillDo: one that went bad is no matter when a good one says
// what the disk holds.
func TestP8AnotherVersionWillDo(t *testing.T) {
	w := Capture(newMemory(100).filled(), 100, nil, Scope{Head: 8})
	for _, badFirst := range []bool{true, false} {
		log := newLog(t, 4, segment.Binding{ID: 3, Witness: w})
		for _, bad := range []bool{badFirst, !badFirst} {
			log.write(3, 0, 1, some(1, 0x66))
			if bad {
				log.b[log.at*segment.SectorSize] ^= 1
			}
		}
		disk := newMemory(100).filled()
		disk.put(0, 0x66)
		if v := Judge(w, disk, log.c.Versions(3), log); v.Changed() || v.Unjudged > 0 {
			t.Errorf("%+v: %s", v, v.String())
		}
	}
}

// counted counts what is read.
type counted struct {
	d     Disk
	reads int
	last  uint64
	back  int // times that it went back
}

func (c *counted) Sector(lba uint64) ([]byte, error) {
	c.reads++
	if lba < c.last {
		c.back++
	}
	c.last = lba
	return c.d.Sector(lba)
}

// TestJudgeReadsTheLogOnce: a disk that has nothing of the log costs one pass
// over what is kept of it, in its order; one that has the oldest version next
// to nothing.
func TestJudgeReadsTheLogOnce(t *testing.T) {
	w := Capture(newMemory(100).filled(), 100, nil, Scope{Head: 64})
	log := newLog(t, 64, segment.Binding{ID: 3, Witness: w})
	for i := range 64 {
		log.write(3, 0, 64, some(64, byte(i+1)))
	}
	disk := newMemory(100)
	c := &counted{d: log}
	if v := Judge(w, disk, log.c.Versions(3), c); v.Differ[Head] != 64 {
		t.Fatalf("%+v", v)
	}
	if c.reads != 64*65 || c.back != 0 {
		t.Errorf("%d sectors of 64 records of 65 were read, going back %d times", c.reads, c.back)
	}
	disk.filled()
	copy(disk.b, some(64, 1))
	c = &counted{d: log}
	if v := Judge(w, disk, log.c.Versions(3), c); v.Changed() || c.reads != 65 {
		t.Errorf("%d sectors of the log were read: %+v", c.reads, v)
	}
}

// TestShareOfEachDevice: one that fills its room leaves the others theirs.
func TestShareOfEachDevice(t *testing.T) {
	w := Capture(newMemory(64).filled(), 64, nil, small)
	v := Capture(newMemory(64).filled(), 64, nil, small)
	c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}, {ID: 2, Witness: v}}})
	e := segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Discard, LBA: 1, Sectors: 2}}
	for range maxVersions {
		c.Place(&segment.Header{Seq: 1}, &e)
	}
	e.Device = 2
	c.Place(&segment.Header{Seq: 1}, &e)
	if one, two := c.Versions(1), c.Versions(2); one.Kept() != maxVersions/2 || one.judges(1) || !one.judges(3) || two.Kept() != 1 || !two.judges(1) {
		t.Errorf("kept %d and %d", one.Kept(), two.Kept())
	}
}

// TestP8Lost holds what is not kept to a look at each sector.
func TestP8Lost(t *testing.T) {
	w := &segment.Witness{Sectors: 30, Head: make([]uint32, 3), Tail: make([]uint32, 2), Marks: []segment.Mark{{LBA: 9}}, Samples: []segment.Mark{{LBA: 14}, {LBA: 29 + 9}}}
	on := []uint64{0, 1, 2, 9, 14, 28, 29, 38}
	for lba := range uint64(40) {
		for n := uint64(1); n < 40; n++ {
			c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}}})
			c.most = 0
			c.Place(&segment.Header{Seq: 1}, &segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Data, LBA: lba, Sectors: uint32(n)}})
			whole := 0
			for _, at := range on {
				if c.Versions(1).judges(at) != (at-lba >= n) {
					t.Errorf("[%d+%d]: sector %d", lba, n, at)
				}
				if at-lba >= n {
					whole++
				}
			}
			if v := c.Versions(1); v.lost != nil && v.whole != whole {
				t.Errorf("[%d+%d]: %d sectors are whole", lba, n, v.whole)
			}
		}
	}
}

// BenchmarkLose is for a log whose users write the start of a disk again and again.
func BenchmarkLose(b *testing.B) {
	w := Capture(newMemory(4000), 1<<30, nil, Default)
	for i := range uint64(41) {
		w.Marks = append(w.Marks, segment.Mark{LBA: 1000 + i})
	}
	c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}}})
	e := segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Data, Sectors: 8}}
	h := segment.Header{Seq: 1}
	for i := 0; b.Loop(); i++ {
		e.LBA = uint64(i%32) * 8
		c.Place(&h, &e)
	}
}

// TestP8UnreadableLogIsNoChange: where the log cannot be read, or has a shorter
// record than the one that was seen there, nothing is said of the disk, and
// only the latter is damage.
func TestP8UnreadableLogIsNoChange(t *testing.T) {
	w := Capture(newMemory(100).filled(), 100, nil, Scope{Head: 40})
	for name, c := range map[string]struct {
		change  func(l *testLog)
		damaged int
	}{
		"header":         {func(l *testLog) { l.bad[uint64(l.at-1)] = true }, 0},
		"payload":        {func(l *testLog) { l.bad[uint64(l.at+9)] = true }, 0},
		"another record": {func(l *testLog) { l.pos = 0; l.write(9, 0, 1, some(1, 0x55)) }, 1},
	} {
		log := newLog(t, 4, segment.Binding{ID: 3, Witness: w})
		log.write(3, 0, 24, some(24, 0x77))
		disk := newMemory(100).filled()
		copy(disk.b[9*segment.SectorSize:], sector(0x77+9)) // as an unfinished batch leaves it
		c.change(log)
		if v := Judge(w, disk, log.c.Versions(3), log); v.Changed() || v.Unjudged != 1 || v.Damaged != c.damaged {
			t.Errorf("%s: %+v: %s", name, v, v.String())
		}
	}
}

// TestP8AllIsLost: once nothing is known of any sector, there is nothing more
// to lose.
func TestP8AllIsLost(t *testing.T) {
	w := &segment.Witness{Sectors: 30, Head: make([]uint32, 3), Marks: []segment.Mark{{LBA: 9}}}
	c := NewCollector(&segment.Super{Bindings: []segment.Binding{{ID: 1, Witness: w}}})
	c.most = 0
	for range 3 {
		c.Place(&segment.Header{Seq: 1}, &segment.Placed{Extent: segment.Extent{Device: 1, Kind: segment.Discard, Sectors: 30}})
	}
	if v := c.Versions(1); v.whole != 0 || v.judges(0) || v.judges(9) {
		t.Errorf("%d sectors are whole", v.whole)
	}
}
