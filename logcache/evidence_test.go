package logcache

import (
	"errors"
	"io"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// plate is a disk in memory.
type plate []byte

func (p plate) Sector(lba uint64) ([]byte, error) {
	if (lba+1)*segment.SectorSize > uint64(len(p)) {
		return nil, io.ErrUnexpectedEOF
	}
	return p[lba*segment.SectorSize:][:segment.SectorSize], nil
}

// full is one of so many sectors, that are all different.
func full(sectors int, what byte) plate {
	p := make(plate, sectors*segment.SectorSize)
	for i := range sectors {
		p[i*segment.SectorSize], p[i*segment.SectorSize+1], p[i*segment.SectorSize+2] = what, byte(i), byte(i>>8)
	}
	return p
}

// touched is the disk behind a mount.
func touched(p plate) plate {
	for _, sector := range []int{2, 9} {
		p[sector*segment.SectorSize] ^= 1
	}
	return p
}

// bench is a cache in memory with one disk.
type bench struct {
	t   *testing.T
	m   inline.Memory
	c   *Cache
	v   *Volume
	b   segment.Binding
	log plate
}

const benchSectors = 600

// newBench has a log with dirty data of a disk, which is not attached.
func newBench(t *testing.T, disk plate) *bench {
	m := make(inline.Memory, segment.LogOffset+1<<20)
	if _, err := Format(m, FormatOptions{DeviceSize: uint64(len(m)), BlockSize: 512, SegmentSize: 8 << 10, Nonce: 3}); err != nil {
		t.Fatal(err)
	}
	r := &bench{t: t, m: m, log: plate(m), b: segment.Binding{ID: 5, Sectors: benchSectors, Fingerprint: 1, Name: "v"}}
	r.resume()
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	r.write(0)
	r.resume()
	return r
}

// resume ends a life, as a kill does, and begins the next.
func (r *bench) resume() {
	if r.c != nil {
		if err := r.c.Free(); err != nil {
			r.t.Fatal(err)
		}
	}
	c, _, err := Resume(r.m, Config{Wake: func() {}, BufferBytes: 1})
	if err != nil {
		r.t.Fatal(err)
	}
	r.c = c
	r.volume(r.b.Sectors)
}

func (r *bench) volume(sectors uint64) {
	r.v = NewVolume(5, "v", sectors, 512)
	r.b.Sectors = sectors
	r.v.Freeze()
}

func (r *bench) examine(disk plate) *Evidence {
	r.t.Helper()
	e, err := r.c.Examine(r.v, &r.b, disk, r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

func (r *bench) attach(e *Evidence) error {
	err := errors.New("no answer")
	r.c.Attach(r.v, r.b, e, func(got error) { err = got })
	p := r.c.Background()
	p.Poll()
	r.carryOut(p)
	return err
}

// host does what is asked for on the cache device, and on no disk.
func (r *bench) host() *inline.Host {
	return &inline.Host{Disks: map[block.Dev]inline.Disk{block.Cache: r.m}}
}

func (r *bench) carryOut(p *Port) { r.host().Run(p) }

// write logs a sector.
func (r *bench) write(lba uint64) {
	r.v.Unfreeze()
	p := NewPort(func() {})
	p.Submit(&Request{Op: Write, FUA: true, LBA: lba, Sectors: 1, Buf: make([]byte, 512), Volume: r.v})
	r.carryOut(p)
	if got := p.Answers(); len(got) != 1 || got[0].Err != nil {
		r.t.Fatalf("write: %v", got)
	}
}

// TestP8NoAttachWithoutEvidence: there is no way to attach a disk that the log has
// data of, which was not looked at in the freeze that it is attached in.
func TestP8NoAttachWithoutEvidence(t *testing.T) {
	disk := full(benchSectors, 1)
	r := newBench(t, disk)
	if err := r.attach(nil); !errors.Is(err, ErrUnjudged) {
		t.Errorf("without any: %v", err)
	}
	r.v.Unfreeze()
	if _, err := r.c.Examine(r.v, &r.b, disk, r.log); !errors.Is(err, ErrUnjudged) {
		t.Errorf("of a disk in use: %v", err)
	}
	r.v.Freeze()
	e := r.examine(disk)
	r.v.Unfreeze()
	if err := r.attach(e); !errors.Is(err, ErrUnjudged) {
		t.Errorf("without a freeze: %v", err)
	}
	r.v.Freeze()
	if err := r.attach(e); !errors.Is(err, ErrUnjudged) {
		t.Errorf("in another freeze: %v", err)
	}
	own := r.v
	r.volume(benchSectors)
	e = r.examine(disk)
	r.v = own
	if err := r.attach(e); !errors.Is(err, ErrUnjudged) {
		t.Errorf("of another volume: %v", err)
	}
	if err := r.attach(r.examine(disk)); err != nil {
		t.Errorf("with evidence: %v", err)
	}
}

// TestP8Evidence: what is written on the disk decides; where that tells nothing,
// what the host says.
func TestP8Evidence(t *testing.T) {
	for _, tc := range []struct {
		name     string
		was, is  plate
		change   func(r *bench)
		overrule bool
		want     error
	}{
		{name: "the same", was: full(benchSectors, 1), is: full(benchSectors, 1)},
		{name: "another name", was: full(benchSectors, 1), is: full(benchSectors, 1), change: func(r *bench) { r.b.Fingerprint = 2 }},
		{name: "another disk", was: full(benchSectors, 1), is: full(benchSectors, 2), want: ErrMismatch},
		{name: "another disk, accepted", was: full(benchSectors, 1), is: full(benchSectors, 2), overrule: true},
		{name: "grown", was: full(benchSectors, 1), is: full(benchSectors+8, 1), change: func(r *bench) { r.volume(benchSectors + 8) }},
		{name: "shrunk", was: full(benchSectors, 1), is: full(benchSectors-8, 1), change: func(r *bench) { r.volume(benchSectors - 8) }, want: ErrMismatch},
		{name: "shrunk, accepted", was: full(benchSectors, 1), is: full(benchSectors-8, 1), change: func(r *bench) { r.volume(benchSectors - 8) }, overrule: true, want: ErrMismatch},
		{name: "blank", was: make(plate, benchSectors*512), is: make(plate, benchSectors*512)},
		{name: "blank, of another name", was: make(plate, benchSectors*512), is: make(plate, benchSectors*512), change: func(r *bench) { r.b.Fingerprint = 2 }, want: ErrMismatch},
		{name: "blank, of no name", was: make(plate, benchSectors*512), is: make(plate, benchSectors*512), change: func(r *bench) { r.b.Fingerprint = 0 }},
		{name: "under another id", was: full(benchSectors, 1), is: full(benchSectors, 1), change: func(r *bench) { r.b.ID = 6; r.v.ID = 6 }, want: ErrMismatch},
		{name: "a twin under another id", was: full(benchSectors, 1), is: full(benchSectors, 2), change: func(r *bench) { r.b.ID = 6; r.v.ID = 6 }},
		{name: "touched, under another id", was: full(benchSectors, 1), is: touched(full(benchSectors, 1)), change: func(r *bench) { r.b.ID = 6; r.v.ID = 6 }, want: ErrMismatch},
		{name: "touched, under another id, accepted", was: full(benchSectors, 1), is: touched(full(benchSectors, 1)), change: func(r *bench) { r.b.ID = 6; r.v.ID = 6 }, overrule: true},
		{name: "under another id, accepted", was: full(benchSectors, 1), is: full(benchSectors, 1), change: func(r *bench) { r.b.ID = 6; r.v.ID = 6 }, overrule: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newBench(t, tc.was)
			if tc.change != nil {
				tc.change(r)
			}
			e := r.examine(tc.is)
			if tc.overrule {
				e.Overrule()
			}
			if err := r.attach(e); !errors.Is(err, tc.want) {
				t.Fatalf("attach: %v, want %v", err, tc.want)
			}
			if tc.want == nil && r.witnessIsWrong(tc.is) {
				t.Error("the witness is not that of the disk")
			}
		})
	}
}

// witnessIsWrong tells whether, by its witness, the disk is not what was attached.
func (r *bench) witnessIsWrong(disk plate) bool {
	for _, b := range r.c.Bound() {
		if b.ID == r.b.ID {
			v := witness.Judge(b.Witness, disk, nil, nil)
			return v.Changed() || v.Unjudged > 0 || b.Witness.Sectors != b.Sectors
		}
	}
	return true
}

// TestP8ReleasedIsUnjudged: a disk that was let go with data in the log may have
// got some of it meanwhile; only the next resume knows what.
func TestP8ReleasedIsUnjudged(t *testing.T) {
	disk := full(benchSectors, 1)
	r := newBench(t, disk)
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	r.c.Release(r.v)
	clear(disk[:512]) // as migration of the log would have it
	r.volume(benchSectors)
	if err := r.attach(r.examine(disk)); err != nil {
		t.Errorf("attach: %v", err)
	}
	r.resume()
	if err := r.attach(r.examine(disk)); err != nil {
		t.Errorf("attach after a resume: %v", err)
	}
}

// TestP8FailedFlushTakesItBack: what a batch has written, and a failed flush then
// loses, is there when the disk is attached again and gone later. Both is right,
// for the log still has it.
func TestP8FailedFlushTakesItBack(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	shown := full(benchSectors, 1)
	clear(shown[:512]) // as migration of the log would have it
	if err := r.attach(r.examine(shown)); err != nil {
		t.Fatal(err)
	}
	r.resume()
	if err := r.attach(r.examine(full(benchSectors, 1))); err != nil {
		t.Errorf("attach: %v", err)
	}
}

// TestP8TwinOfAnAttachedDisk: a second way to a disk that is attached is refused,
// although migration has changed it since the versions of the log were known.
func TestP8TwinOfAnAttachedDisk(t *testing.T) {
	disk := full(benchSectors, 1)
	r := newBench(t, disk)
	if err := r.attach(r.examine(disk)); err != nil {
		t.Fatal(err)
	}
	clear(disk[:512]) // as migration of the log would have it
	r.v = NewVolume(6, "w", benchSectors, 512)
	r.b.ID = 6
	r.v.Freeze()
	if err := r.attach(r.examine(disk)); !errors.Is(err, ErrMismatch) {
		t.Errorf("attach: %v", err)
	}
}

// TestP8BoundAnewWhileMigrating: what a batch had to say of a witness that is not
// the one in force any more is dropped, and so is that witness.
func TestP8BoundAnewWhileMigrating(t *testing.T) {
	r := newBench(t, full(benchSectors, 1))
	if err := r.attach(r.examine(full(benchSectors, 1))); err != nil {
		t.Fatal(err)
	}
	r.c.Sorting()
	r.c.Writing(segment.Extent{Device: 5, Kind: segment.Data, LBA: 1, Sectors: 1}, make([]byte, 512))
	r.c.Release(r.v)
	r.volume(benchSectors + 8)
	if err := r.attach(r.examine(full(benchSectors+8, 1))); err != nil {
		t.Fatal(err)
	}
	ws := r.c.changes.witnesses()
	r.c.changes.carry(&r.c.super.now, &ws)
	if w := r.c.super.now.Binding(5).Witness; w != nil {
		t.Errorf("the witness is %+v", w)
	}
}

// TestP8RotOfTheLogIsNoChange: a batch that was cut short has left a version on
// the disk that then goes bad in the log. The disk is as the cache left it.
func TestP8RotOfTheLogIsNoChange(t *testing.T) {
	disk := full(benchSectors, 1)
	r := newBench(t, disk)
	clear(disk[:512]) // sector 0, as the log has it
	if v := r.examine(disk).trials[0].verdict; v.Changed() || v.Unjudged > 0 {
		t.Fatalf("%+v", v)
	}
	at := r.c.slots[r.c.geo.Slot(r.c.lastMigrated+1)]
	r.m[r.c.geo.SlotOffset(0)+int64(at.End)*512-7] ^= 1
	r.resume()
	e := r.examine(disk)
	if v := e.trials[0].verdict; v.Changed() || v.Damaged != 1 {
		t.Errorf("%+v", v)
	}
	if err := r.attach(e); err != nil {
		t.Errorf("attach: %v", err)
	}
}
