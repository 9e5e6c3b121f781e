package logcache

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// TestP7BypassRoom: when as many writes are on their way past the log as can be
// kept in mind, the next goes to the log.
func TestP7BypassRoom(t *testing.T) {
	r := newRig(t)
	r.v.SetBypass(Bypass{Cutoff: 1})
	submit := func(i int) bool {
		q := &Request{Op: Write, Volume: r.v, LBA: uint64(i) * 8, Sectors: 8, Buf: r.reqs[0].Buf}
		r.p.Submit(q)
		return q.Bypassed()
	}
	var ops []*block.Op
	for i := range maxBypassing {
		if !submit(i) {
			t.Fatalf("write %d goes to the log", i)
		}
		ops = append(ops, r.p.Ops()...)
	}
	if submit(maxBypassing) {
		t.Error("one more than there is room for bypasses the log")
	}
	ops[5].Sink.Done(ops[5], nil)
	if !submit(maxBypassing + 1) {
		t.Error("there is room, but a write goes to the log")
	}
	s := r.v.Status()
	if want := (BypassStatus{SequentialWrites: maxBypassing + 1, SequentialBytes: 4096 * (maxBypassing + 1), OccupiedWrites: 1}); s.Bypassed != want {
		t.Errorf("counted %+v", s.Bypassed)
	}
	if s.Bypass.Cutoff != 1 || s.Recent != [routes]int{Sequential: maxBypassing + 1, Occupied: 1} {
		t.Errorf("%+v, recently %v", s.Bypass, s.Recent)
	}
}

// TestRoutes: which writes should bypass the log, and for which reason.
func TestRoutes(t *testing.T) {
	type write struct {
		lba     uint64
		sectors int
		fua     bool
		want    Route
	}
	for _, c := range []struct {
		name     string
		set      Bypass
		shortest uint64 // that congestion lets past
		writes   []write
	}{
		{"a stream", Bypass{Cutoff: 12 << 10}, 0, []write{{0, 8, false, Logged}, {8, 8, false, Logged}, {16, 8, false, Sequential}, {48, 8, false, Logged}, {24, 8, false, Sequential}}},
		{"durable at once", Bypass{Cutoff: 4 << 10}, 0, []write{{0, 8, true, Logged}, {8, 8, false, Sequential}}},
		{"each by itself", Bypass{Cutoff: 8 << 10, Single: true}, 0, []write{{0, 8, false, Logged}, {8, 8, false, Logged}, {16, 16, false, Sequential}}},
		{"congested", Bypass{}, 8 << 10, []write{{0, 8, false, Logged}, {8, 8, false, Congested}}},
		{"both", Bypass{Cutoff: 12 << 10}, 8 << 10, []write{{0, 8, false, Logged}, {8, 8, false, Congested}, {16, 8, false, Sequential}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := &bypass{Bypass: c.set}
			for i, w := range c.writes {
				r := &Request{LBA: w.lba, Sectors: uint32(w.sectors), Buf: make([]byte, w.sectors*512), FUA: w.fua}
				if got := b.route(r, c.shortest); got != w.want {
					t.Errorf("write %d takes route %d, want %d", i, got, w.want)
				}
			}
		})
	}
}

// TestCongestedStreams: while the cache is said to be slow, streams of that
// length go past the log of every volume, and then no more.
func TestCongestedStreams(t *testing.T) {
	r := newRig(t)
	for i, shortest := range []uint64{0, 4096, 0} {
		r.c.SetCongested(shortest)
		if got := r.c.Congested(); got != shortest {
			t.Errorf("from %d bytes on, and it says %d", shortest, got)
		}
		q := &r.reqs[r.next%len(r.reqs)]
		if r.do(Write, uint64(40+2*i), false); q.Bypassed() != (shortest > 0) {
			t.Errorf("from %d bytes on: bypassed %v", shortest, q.Bypassed())
		}
	}
}
