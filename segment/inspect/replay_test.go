package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

func replayed(t *testing.T, l *Log, device uint8, choice Choice) (*Plan, *memory) {
	t.Helper()
	p, err := l.Plan(device, choice)
	must(t, err)
	d := &memory{b: make([]byte, p.Binding.Sectors*segment.SectorSize)}
	must(t, p.Replay(context.Background(), d, nil))
	if len(p.Ranges) > 0 && !d.flushed {
		t.Error("the last write was not followed by a flush")
	}
	return p, d
}

// TestReplay: the disk is the device as a resume would show it, and the cache
// is what it was.
func TestReplay(t *testing.T) {
	for _, torn := range []bool{false, true} {
		l := reused(t)
		last := uint64(21)
		if torn {
			*l.byteOf(21, true, 9) ^= 1
			last = 20
		}
		before := bytes.Clone(l.b)
		log := surveyBytes(t, l.b)
		for _, device := range []uint8{5, 6, 9} {
			if _, d := replayed(t, log, device, Refuse); !bytes.Equal(d.b, l.disk(device, last, nil)) {
				t.Errorf("torn %t: device %d has the wrong content", torn, device)
			}
		}
		if !bytes.Equal(before, l.b) {
			t.Error("the replay changed the cache")
		}
	}
}

// TestReplayLargeBatches: a log of several batches, each in the order of sectors.
func TestReplayLargeBatches(t *testing.T) {
	l := newBuilder(t, 512, 1<<20, 80)
	l.bind(1, "big", 1<<16, 0)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 1 + rnd.Uint32N(500)
		l.record(false, write{device: 1, lba: rnd.Uint64N(1<<16 - 500), sectors: n})
	}
	_, d := replayed(t, surveyBytes(t, l.b), 1, Refuse)
	if !bytes.Equal(d.b, l.disk(1, 300, nil)) {
		t.Error("wrong content")
	}
	if d.writes >= 200 {
		t.Errorf("%d writes: nothing was merged", d.writes)
	}
}

// TestReplayZeroes: discards and zeroes are replayed in their place in the order.
func TestReplayZeroes(t *testing.T) {
	l := newBuilder(t, 512, 64<<10, 40)
	l.bind(1, "holes", 1<<10, 0)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		n := 1 + rnd.Uint32N(40)
		first := write{device: 1, lba: rnd.Uint64N(900), sectors: n}
		hole := write{1, rnd.Uint64N(900), 1 + rnd.Uint32N(60), segment.Discard + segment.Kind(rnd.IntN(2))}
		last := write{device: 1, lba: rnd.Uint64N(900), sectors: 3}
		l.record(false, first, hole, last)
	}
	_, d := replayed(t, surveyBytes(t, l.b), 1, Refuse)
	if !bytes.Equal(d.b, l.disk(1, 100, nil)) {
		t.Error("wrong content")
	}
}

// TestP6ReplayChoices: nothing is written of a damaged log without a choice; a
// prefix is a past state; what is skipped is in the list, with all of its
// sectors.
func TestP6ReplayChoices(t *testing.T) {
	l := reused(t)
	*l.byteOf(16, false, 5) ^= 1
	*l.byteOf(20, true, 8*512) ^= 1
	log := surveyBytes(t, l.b)
	if _, err := log.Plan(5, Refuse); !errors.Is(err, segment.ErrDamaged) {
		t.Fatalf("no refusal: %v", err)
	}
	for _, device := range []uint8{5, 6} {
		p, d := replayed(t, log, device, StopBefore)
		if p.Records != 3 || p.LeftOut != 5 || !bytes.Equal(d.b, l.disk(device, 15, nil)) {
			t.Errorf("device %d: stopped after %d records, %d left out, or with the wrong content", device, p.Records, p.LeftOut)
		}
		skipped := func(seq, lba uint64) bool { return seq == 16 || seq == 20 && lba >= 104 }
		p, d = replayed(t, log, device, Skip)
		if !bytes.Equal(d.b, l.disk(device, 21, skipped)) {
			t.Errorf("device %d: skipping gives the wrong content", device)
		}
		if p.Exact {
			t.Error("a guessed header passes for exact")
		}
	}
	p, _ := log.Plan(6, Skip)
	if got := fmt.Sprint(p.Lost); got != "[sector 60 sectors 104-108]" {
		t.Errorf("lost %s", got)
	}
}

// TestP8ReplayRefusals: the wrong device or time, or too small a disk.
func TestP8ReplayRefusals(t *testing.T) {
	l := reused(t)
	log := surveyBytes(t, l.b)
	if _, err := log.Plan(4, Refuse); !errors.Is(err, ErrNotBound) {
		t.Errorf("a device that is not bound: %v", err)
	}
	log.Verified = false
	if _, err := log.Plan(5, Refuse); !errors.Is(err, ErrUnverified) {
		t.Errorf("without a look at the payload: %v", err)
	}
	log.Verified = true
	p, err := log.Plan(5, Refuse)
	must(t, err)
	for sectors, want := range map[uint64]error{2048: nil, 128: nil, 127: ErrTargetSmall} {
		if err := p.CheckRoom(sectors); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%d sectors: %v", sectors, err)
		}
	}
}

// TestReplayVerifiesAgain: what goes bad between survey and replay is not written.
func TestReplayVerifiesAgain(t *testing.T) {
	for _, payload := range []bool{false, true} {
		l := reused(t)
		log := surveyBytes(t, l.b)
		p, err := log.Plan(5, Refuse)
		must(t, err)
		*l.byteOf(17, payload, 50) ^= 1
		d := &memory{b: make([]byte, 2048*512)}
		if err := p.Replay(context.Background(), d, nil); !errors.Is(err, segment.ErrDamaged) || d.writes > 0 {
			t.Errorf("payload %t: %v after %d writes", payload, err, d.writes)
		}
	}
}

// TestReplayUnknownKind: what this version cannot replay is refused, as at a
// resume.
func TestReplayUnknownKind(t *testing.T) {
	l := reused(t)
	log := surveyBytes(t, l.b)
	log.Records[2].Extents[0].Kind = segment.Invalidate
	if _, err := log.Plan(5, Refuse); !errors.Is(err, segment.ErrVersion) {
		t.Error(err)
	}
}

// failing is a disk whose writes or flushes fail.
type failing struct {
	memory
	write, flush error
}

func (d *failing) WriteAt(b []byte, off int64) (int, error) { return 0, d.write }
func (d *failing) Flush() error                             { return d.flush }

func TestP9ReplayTellsOfFailures(t *testing.T) {
	p, err := surveyBytes(t, reused(t).b).Plan(5, Refuse)
	must(t, err)
	for _, d := range []*failing{{write: errMedium}, {flush: errMedium}} {
		if err := p.Replay(context.Background(), d, nil); !errors.Is(err, errMedium) {
			t.Error(err)
		}
	}
}

// TestP6AnyBitFlips: whatever bits of the log flip, a survey that does not call
// it damaged has every record that is stated to be durable; a prefix is a past
// state; and skipping writes nothing that was never written, and loses nothing
// that it does not list.
func TestP6AnyBitFlips(t *testing.T) {
	clean := reused(t)
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		l := *clean
		l.b = bytes.Clone(clean.b)
		for range 1 + rnd.IntN(4) {
			at := segment.LogOffset + rnd.IntN(len(l.b)-segment.LogOffset)
			if rnd.IntN(2) == 0 { // headers are small: aim at them
				at = int(l.places[13+rnd.Uint64N(9)].Offset) + rnd.IntN(110)
			}
			l.b[at] ^= 1 << rnd.IntN(8)
		}
		log := surveyBytes(t, l.b)
		if !log.Damaged() && log.Last() < log.Durable {
			t.Fatalf("seed %d: sound, with records up to %d of %d", seed, log.Last(), log.Durable)
		}
		for _, device := range []uint8{5, 6} {
			p, d := replayed(t, log, device, StopBefore)
			if !bytes.Equal(d.b, l.disk(device, l.s.MigratedSeq+uint64(p.Records), nil)) {
				t.Fatalf("seed %d: device %d is no past state", seed, device)
			}
			p, d = replayed(t, log, device, Skip)
			checkSkipped(t, seed, &l, log, p, d.b)
		}
	}
}

func checkSkipped(t *testing.T, seed uint64, l *builder, log *Log, p *Plan, got []byte) {
	newest := l.disk(p.Binding.ID, log.Last(), nil)
	lost := map[uint64]bool{}
	for _, r := range p.Lost {
		for lba := r.LBA; lba < r.end(); lba++ {
			lost[lba] = true
		}
	}
	var sector [segment.SectorSize]byte
	for lba := range p.Binding.Sectors {
		have := got[lba*segment.SectorSize:][:segment.SectorSize]
		if bytes.Equal(have, newest[lba*segment.SectorSize:][:segment.SectorSize]) {
			continue
		}
		if p.Exact && !lost[lba] {
			t.Fatalf("seed %d: device %d sector %d is old, and not in the list of lost ones", seed, p.Binding.ID, lba)
		}
		seq := uint64(have[16])
		if stamp(sector[:], p.Binding.ID, lba, seq); seq != 0 && !bytes.Equal(have, sector[:]) {
			t.Fatalf("seed %d: device %d sector %d was never written so", seed, p.Binding.ID, lba)
		}
	}
}

// TestReplayGivenUp: what was given up is neither replayed nor missed, whatever
// is wrong with it; what came later under the same id is.
func TestReplayGivenUp(t *testing.T) {
	l := newBuilder(t, 512, 64<<10, 40)
	l.bind(1, "gone", 1<<10, 0)
	l.bind(2, "other", 1<<10, 0)
	l.record(true, write{device: 1, lba: 500, sectors: 8}, write{device: 2, lba: 3, sectors: 2})
	l.record(true, write{device: 1, lba: 8, sectors: 8})
	l.record(true, write{device: 1, lba: 12, sectors: 8}, write{device: 2, lba: 9, sectors: 2})
	want := [][]byte{
		l.disk(1, 3, func(seq, _ uint64) bool { return seq <= 2 })[:100*segment.SectorSize],
		l.disk(2, 3, nil),
	}
	l.s.Bindings[0].GivenUp, l.s.Bindings[0].Sectors = 2, 100
	l.super()
	*l.byteOf(2, true, 0) ^= 1
	log := surveyBytes(t, l.b)
	if lost, exact := log.Lost(1); len(lost) > 0 || !exact {
		t.Errorf("lost %v, exact %v", lost, exact)
	}
	for device := range uint8(2) {
		if _, d := replayed(t, log, device+1, Skip); !bytes.Equal(d.b, want[device]) {
			t.Errorf("device %d has the wrong content", device+1)
		}
	}
	if r := log.Report().Devices[0]; r.GivenUp != 2 || r.Ignored != 2 || r.Extents != 1 || r.Dirty != 8 {
		t.Errorf("reported as %+v", r)
	}
}

// TestReplayTellsHowFar it has come, and ends between two batches when it is
// told to: what was written by then was flushed.
func TestReplayTellsHowFar(t *testing.T) {
	const records, sectors = 120, 1500
	l := newBuilder(t, 512, 1<<20, records)
	l.bind(1, "big", 1<<16, 0)
	for i := range uint64(records) {
		l.record(false, write{device: 1, lba: i % 40 * sectors, sectors: sectors})
	}
	log := surveyBytes(t, l.b)
	p, err := log.Plan(1, Refuse)
	must(t, err)
	if p.Sectors() != 40*sectors {
		t.Errorf("%d sectors to write", p.Sectors())
	}
	ctx, cancel := context.WithCancel(t.Context())
	d := &memory{b: make([]byte, p.Binding.Sectors*segment.SectorSize)}
	var told []uint64
	err = p.Replay(ctx, d, func(done, of uint64) {
		if told = append(told, done); of != records || !d.flushed {
			t.Errorf("%d of %d records, flushed %v", done, of, d.flushed)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(told) != 1 || told[0] >= records {
		t.Fatalf("told %d, %v", told, err)
	}
	if !bytes.Equal(d.b, l.disk(1, told[0], nil)) {
		t.Errorf("not the state after record %d", told[0])
	}
}

// TestNoMemoryNoImage: nothing is looked at without memory.
func TestNoMemoryNoImage(t *testing.T) {
	b := reused(t).b
	kit.LimitSpace(t, 0, func() {
		if m, err := Open(bytes.NewReader(b), int64(len(b))); m != nil || !errors.Is(err, unix.ENOMEM) {
			t.Errorf("%v, %v", m, err)
		}
	})
}

// TestP9NoMemoryNoReplay: a batch for which there is no memory ends the replay,
// with nothing of it written.
func TestP9NoMemoryNoReplay(t *testing.T) {
	l := newBuilder(t, 512, 1<<20, 40)
	l.bind(1, "big", 1<<17, 0)
	for i := range uint64(34) {
		l.record(false, write{device: 1, lba: i * 2000, sectors: 2000})
	}
	p, err := surveyBytes(t, l.b).Plan(1, Refuse)
	must(t, err)
	d := &memory{b: make([]byte, p.Binding.Sectors*segment.SectorSize)}
	kit.LimitSpace(t, 24<<20, func() { err = p.Replay(t.Context(), d, nil) })
	if !errors.Is(err, unix.ENOMEM) || d.flushed || bytes.Count(d.b, []byte{0}) != len(d.b) {
		t.Errorf("%v, flushed %v", err, d.flushed)
	}
	must(t, p.Replay(t.Context(), d, nil))
	if !bytes.Equal(d.b, l.disk(1, 34, nil)) {
		t.Error("wrong content")
	}
}
