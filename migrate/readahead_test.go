package migrate

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// queued is a cache with full segments that wait to be migrated.
type queued struct {
	sorting
	from, to uint64
}

func (q *queued) Candidates(dst []segment.Span, after uint64, most int, _ bool) []segment.Span {
	for id := max(q.from, after+1); id <= q.to && most > 0; id, most = id+1, most-1 {
		dst = append(dst, segment.Span{ID: id, End: 16, FirstSeq: id, LastSeq: id})
	}
	return dst
}

// writingOne is a migrator that writes segment 1, of 20.
func writingOne(t *testing.T) (*Migrator, *queued) {
	t.Helper()
	geo, err := segment.NewGeometry(segment.LogOffset+1<<20, 512, 8<<10)
	if err != nil {
		t.Fatal(err)
	}
	src := &queued{sorting: sorting{geo: geo}, from: 1, to: 1}
	m := New(src)
	if err := m.reserve(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	m.state, src.to = writing, 20
	return m, src
}

// Of the log only so much is read ahead at a time: users want to read from
// there too.
func TestAheadIsGentle(t *testing.T) {
	m, _ := writingOne(t)
	m.ReadAhead(10)
	ops := m.Ops(nil)
	if len(ops) != readaheadDepth {
		t.Fatalf("%d reads are under way", len(ops))
	}
	for read := readaheadDepth; len(ops) > 0; read++ {
		m.Done(ops[0], nil)
		more := m.Ops(nil)
		if want := min(1, 10-read); len(more) != max(want, 0) {
			t.Fatalf("%d more after %d", len(more), read)
		}
		ops = append(ops[1:], more...)
	}
	if m.status.Ahead != 10 {
		t.Errorf("%d segments were read ahead", m.status.Ahead)
	}
}

// What was read ahead and goes with a later batch is no damage of this one.
func TestAheadOfAnotherBatchIsNoDamage(t *testing.T) {
	m, src := writingOne(t)
	m.ReadAhead(3)
	ops := m.Ops(nil)
	m.state, src.from = idle, 2
	if !m.Step(1) || len(m.batch) != 1 {
		t.Fatalf("a batch of %d", len(m.batch))
	}
	m.Done(ops[0], nil)
	m.Done(ops[1], nil)
	bad := errors.New("a bad sector")
	for last := ops[2:]; len(last) > 0; last = m.Ops(nil) {
		m.Done(last[0], bad)
	}
	if s := m.Status(); !m.Idle() || s.Failed != 1 || s.Damaged != 0 || !errors.Is(m.LastError(), bad) {
		t.Errorf("%+v: %v", s, m.LastError())
	}
	if !m.Step(1) {
		t.Fatal("no next batch")
	}
	if ops := m.Ops(nil); len(ops) != 1 || ops[0].Offset != m.geo.SlotOffset(1) {
		t.Errorf("%d reads, want that of segment 2", len(ops))
	}
}

// A batch that fails when all but its last word is done has not ended while
// something is read into its memory.
func TestFailureWaitsForWhatIsAhead(t *testing.T) {
	m, _ := writingOne(t)
	m.ReadAhead(1)
	ops := m.Ops(nil)
	m.state = committing
	broken := errors.New("the superblock is not written")
	m.committed(broken)
	if s := m.Status(); m.Idle() || s.Failed != 0 {
		t.Errorf("with %d reads under way: %+v", len(ops), s)
	}
	m.Done(ops[0], nil)
	if s := m.Status(); !m.Idle() || s.Failed != 1 || s.LastError != broken.Error() || m.unfinishedTo != 1 {
		t.Errorf("%+v, of segments up to %d", s, m.unfinishedTo)
	}
}

// Without memory there is no batch, and as soon as there is some there is one.
// Nothing of it is kept meanwhile.
func TestP9NoMemoryNoBatch(t *testing.T) {
	geo, err := segment.NewGeometry(segment.LogOffset+1<<30, 512, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	m := New(&queued{sorting: sorting{geo: geo}, from: 1, to: 4})
	defer m.Close()
	for i, more := range []uint64{MaxBatch - 8<<20, 2*MaxBatch - 8<<20} {
		kit.LimitSpace(t, more, func() {
			if m.Step(4) || !m.Idle() || !errors.Is(m.LastError(), unix.ENOMEM) || m.Status().Failed != uint64(i)+1 {
				t.Errorf("with %d MiB: %v, %+v", more>>20, m.LastError(), m.Status())
			}
		})
		if m.images != nil || m.staging != nil {
			t.Errorf("%d MiB were kept", (len(m.images)+len(m.staging))>>20)
		}
	}
	if !m.Step(4) {
		t.Fatal("no batch")
	}
	if ops := m.Ops(nil); len(ops) != 4 || ops[0].Kind != block.Read {
		t.Errorf("%d operations", len(ops))
	}
}

// The same of a batch that has parts of blocks, for which it wants a little more.
func TestP9NoMemoryForPatches(t *testing.T) {
	m, _ := writingOne(t)
	m.patches.list = []patch{{dev: 1, sectors: 8}}
	kit.LimitSpace(t, 0, func() {
		if err := m.addPatches(); !errors.Is(err, unix.ENOMEM) || len(m.pending) > 0 {
			t.Errorf("%v, and %d operations", err, len(m.pending))
		}
	})
	if err := m.addPatches(); err != nil || len(m.pending) != 1 {
		t.Errorf("%v, and %d operations", err, len(m.pending))
	}
}

// What migration waits for has words of its own in each state.
func TestWaits(t *testing.T) {
	seen := map[string]state{}
	for s := idle; s <= committing; s++ {
		st := Status{State: s.String()}
		if was, twice := seen[st.Waits()]; twice || st.Waits() == "" {
			t.Errorf("%v and %v: %q", was, s, st.Waits())
		}
		seen[st.Waits()] = s
	}
}
