package segment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var errSector = errors.New("bad sector")

// faulty is a device with sectors that cannot be read.
type faulty struct {
	b   []byte
	bad []int64 // bytes
}

func (f *faulty) ReadAt(b []byte, off int64) (int, error) {
	for _, at := range f.bad {
		if off <= at && at < off+int64(len(b)) {
			return 0, errSector
		}
	}
	return bytes.NewReader(f.b).ReadAt(b, off)
}

// faultyBatch is one that reads many at once.
type faultyBatch struct{ faulty }

func (f *faultyBatch) ReadBatch(bufs [][]byte, offs []int64, errs []error) {
	for i := range bufs {
		_, errs[i] = f.ReadAt(bufs[i], offs[i])
	}
}

// randomLog writes a log in a ring of so many slots: some laps, records of all
// lengths, with recoveries in between that dropped something, and then damage.
func randomLog(t *testing.T, rnd *rand.Rand, slots uint64) (*Super, *faulty) {
	const size = 16 << 10
	g, err := NewGeometry(LogOffset+slots*size, 512, size)
	if err != nil {
		t.Fatal(err)
	}
	s := &Super{DeviceSize: LogOffset + slots*size, Geometry: g, Nonce: 42, Epoch: 1}
	l := &logImage{t: t, s: s, b: make([]byte, s.DeviceSize), id: 1}
	segments := rnd.Uint64N(2*slots) + 1
	longest := 2 + rnd.Uint32N(30)
	ends := []Span{{}} // by segment id
	for ; l.id <= segments; l.nextSegment() {
		for l.pos+3 < g.SegmentSectors() && rnd.IntN(20) > 0 {
			room := g.SegmentSectors() - l.pos
			if rnd.IntN(8) == 0 {
				l.durable += rnd.Uint64N(l.seq - l.durable + 1)
			}
			header := 1 + rnd.Uint32N(min(20, room-2))
			l.longRecord(header, 1+rnd.Uint32N(min(longest, room-header-1)))
		}
		if l.pos == 0 {
			l.record(1)
		}
		ends = append(ends, Span{ID: l.id, LastSeq: l.seq})
		if rnd.IntN(int(2*slots)) == 0 { // a recovery: it dropped what it could
			s.Epoch++
			s.DurableSeq, l.durable = l.seq, l.seq
		}
	}
	s.LastMigrated = segments - min(segments, slots)
	if rnd.IntN(3) == 0 {
		s.LastMigrated += rnd.Uint64N(segments - s.LastMigrated)
	}
	s.MigratedSeq = ends[s.LastMigrated].LastSeq
	s.DurableSeq = max(s.DurableSeq, s.MigratedSeq)
	f := &faulty{b: l.b}
	for range rnd.IntN(4) {
		at := LogOffset + rnd.IntN(len(l.b)-LogOffset)
		if rnd.IntN(2) == 0 { // most bytes are payload, and of no interest
			at = l.at(1+rnd.Uint64N(segments), 0) + rnd.IntN(32)
		}
		switch rnd.IntN(5) {
		case 0:
			f.bad = append(f.bad, int64(at))
		case 1:
			clear(l.b[at:min(at+rnd.IntN(4*size), len(l.b))])
		default:
			l.b[at] ^= 1 << rnd.IntN(8)
		}
	}
	return s, f
}

// TestAheadChangesNothing recovers logs with and without reading ahead.
func TestAheadChangesNothing(t *testing.T) {
	seeds := 400
	if testing.Short() {
		seeds = 60
	}
	kinds := map[string]int{}
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(8, uint64(seed)))
		slots := uint64(4 + rnd.IntN(20))
		if seed%10 == 0 { // more than are read ahead at a time
			slots = uint64(rnd.IntN(2 * readaheadChunks * chunkSegments))
		}
		s, f := randomLog(t, rnd, max(4, slots))
		want, got := recovered(f, s), recovered(&faultyBatch{*f}, s)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d, %d slots: without (-), with reading ahead (+):\n%s", seed, slots, d)
		}
		kinds[want.kind]++
	}
	for _, kind := range []string{"whole", "torn", "damaged", "unreadable"} {
		if kinds[kind] < seeds/20 {
			t.Errorf("too few logs are %s: %v", kind, kinds)
		}
	}
}

// result is all that a recovery tells.
type result struct {
	Recovery *Recovery
	Error    string
	Progress uint64
	Shown    []string
	kind     string
}

// Equal leaves the kind out, which follows from the rest.
func (r result) Equal(o result) bool {
	return cmp.Equal(r.Recovery, o.Recovery) && r.Error == o.Error && r.Progress == o.Progress && slices.Equal(r.Shown, o.Shown)
}

func recovered(r io.ReaderAt, s *Super) (out result) {
	var err error
	progress := func(slots, of uint64) {
		if slots != out.Progress+1 || of != s.Geometry.Slots {
			err = fmt.Errorf("progress goes from %d to %d of %d", out.Progress, slots, of)
		}
		out.Progress = slots
	}
	rec, failed := RecoverWatched(r, s, progress, func(rec *Record) {
		out.Shown = append(out.Shown, fmt.Sprint(rec.Header, rec.AppendPlaced(nil, s.Geometry)))
	})
	err = errors.Join(err, failed)
	out.Recovery, out.kind = rec, "whole"
	switch {
	case errors.Is(err, ErrDamaged):
		out.kind = "damaged"
	case errors.Is(err, errSector):
		out.kind = "unreadable"
	case err != nil:
		out.kind = "strange"
	case rec.Dropped:
		out.kind = "torn"
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out
}

// TestAheadReadsOnce counts the reads of a log whose segments are full: one for
// each header, and some to find the newest segment.
func TestAheadReadsOnce(t *testing.T) {
	const slots, size = 2000, 16 << 10
	g, err := NewGeometry(LogOffset+slots*size, 512, size)
	if err != nil {
		t.Fatal(err)
	}
	l := &logImage{t: t, s: &Super{Geometry: g, Nonce: 42, DurableSeq: slots}, b: make([]byte, LogOffset+slots*size), id: 1}
	for range slots {
		l.longRecord(9, 23)
		l.nextSegment()
	}
	c := &counting{faultyBatch: faultyBatch{faulty{b: l.b}}}
	if _, err := Recover(c, l.s, func(*Record) {}); err != nil {
		t.Fatal(err)
	}
	if most := int64(2 * 12); c.batched.Load() != slots || c.single.Load() > most {
		t.Errorf("%d reads ahead and %d others, want %d and at most %d", c.batched.Load(), c.single.Load(), slots, most)
	}
}

// counting counts reads.
type counting struct {
	faultyBatch
	single, batched atomic.Int64
}

func (c *counting) ReadAt(b []byte, off int64) (int, error) {
	c.single.Add(1)
	return c.faultyBatch.ReadAt(b, off)
}

func (c *counting) ReadBatch(bufs [][]byte, offs []int64, errs []error) {
	c.batched.Add(int64(len(bufs)))
	c.faultyBatch.ReadBatch(bufs, offs, errs)
}
