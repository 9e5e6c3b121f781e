package sim

import (
	"errors"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// jobs are the operations whose every I/O is made to fail, and to be the last
// before the power is cut.
var jobs = []struct {
	name  string
	first func(s *scenario) // done before, without faults
	do    func(s *scenario) []step
}{
	{"barrier", nil, func(s *scenario) []step { s.fua(0, 4, 9); s.flush(1); return nil }},
	{"discard", nil, func(s *scenario) []step {
		s.discard(0, 3, 20)
		s.one(1, logcache.Zero, true, 4, 12)
		return s.migrateSteps()
	}},
	{"bypass", nil, func(s *scenario) []step {
		s.bypass(0, 40, 9)
		return []step{s.awaitIdle(0), func() bool { s.flush(0); return true }, s.awaitIdle(0)}
	}},
	{"bypass and migrate", nil, func(s *scenario) []step {
		s.cache.CloseCurrent()
		s.bypass(0, 40, 9)
		flush := func() bool { s.flush(0); return true }
		return append([]step{func() bool { s.bypass(0, 60, 9); s.mig.Step(2); return true }, flush, flush}, s.migrateSteps()...)
	}},
	{"superblock", nil, func(s *scenario) []step { return []step{s.waitFor(0, s.cache.CommitSuper, func() {})} }},
	{"migrate", nil, func(s *scenario) []step { return s.migrateSteps() }},
	{"wrap", nil, func(s *scenario) []step { return s.wrapSteps() }},
	{"detach", nil, func(s *scenario) []step { return s.detach(0) }},
	{"attach", func(s *scenario) { s.admin = s.detach(0); s.settle(); s.write(0, 1, 9) }, func(s *scenario) []step { return s.attachSteps(0) }},
	{"stop", nil, func(s *scenario) []step { return s.stop() }},
}

func (s *scenario) prepare(first func(s *scenario)) {
	s.write(0, 0, 20)
	s.fua(1, 8, 3)
	s.settle()
	if first != nil {
		first(s)
		s.settle()
	}
}

// TestCrashAtEveryIO cuts the power at every I/O of every operation.
func TestCrashAtEveryIO(t *testing.T) {
	for _, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			promise(t, func(s *scenario) {
				s.prepare(job.first)
				ios, points := s.s.ended, s.e.Full+s.e.Other
				s.do(job.do(s))
				// A moment behind each completion sees also what started because of
				// it: that it had not started is one of the states tried there.
				ios, points = s.s.ended-ios, s.e.Full+s.e.Other-points
				t.Logf("%d of %d I/Os: the power was cut before and behind each; %d states", min(points, ios), ios, s.stats.States())
				if points < ios {
					t.Errorf("the power was cut at %d moments, but there were %d I/Os", points, ios)
				}
			})
		})
	}
}

// TestFailEveryIO fails the n-th I/O of every operation, for every n, once and
// for good, and wants all promises kept by what comes after.
func TestFailEveryIO(t *testing.T) {
	for _, job := range jobs {
		t.Run(job.name, func(t *testing.T) {
			failed := 0
			for _, what := range []fault{eio, eioLanded, eioPartly, eioFlush} {
				var kinds []block.Kind
				if what == eioPartly || what == eioFlush { // of which others than writes make nothing special
					kinds = []block.Kind{block.Write}
				}
				for _, count := range []int{1, 6} {
					for n := 1; ; n++ {
						r := &rule{what: what, dev: -1, kinds: kinds, nth: n, count: count}
						promise(t, func(s *scenario) {
							s.s.fuaFlushes = what == eioFlush
							s.prepare(job.first)
							s.s.rules = []*rule{r}
							s.admin = append(s.admin, job.do(s)...)
							s.settle()
							s.s.lift()
							s.restart()
							s.s.faulty = false
							s.write(0, 3, 10)
							s.admin = s.migrateSteps()
							s.settle()
							s.s.cut(s.e.rng, s.image)
							s.sides.try(s.image)
						})
						if !r.fired() || t.Failed() {
							break
						}
						failed++
					}
				}
			}
			t.Logf("%d failures of I/O survived", failed)
		})
	}
}

// TestResumeFailsAtEveryIO fails each I/O of a resume, which fails with it, or
// can do without: a copy of the superblock, or a slot at once that is read to find
// what lies behind the end. The next one, without faults, brings back the same.
func TestResumeFailsAtEveryIO(t *testing.T) {
	promise(t, func(s *scenario) {
		s.prepare(nil)
		s.e.clean()
		s.sides.try(s.image)
		last, n, without := s.sides.out.last, 1, 0
		for ; ; n++ {
			h := &s.sides.host
			h.s.revive(s.image)
			r := &rule{what: eio, dev: 0, nth: n, count: 1}
			h.s.rules = []*rule{r}
			c, _, err := logcache.Resume(syncDevice{h.s}, s.config(func() {}))
			switch {
			case err == nil:
				if err := c.Free(); err != nil {
					t.Fatal(err)
				}
				without++
			case !errors.Is(err, errIO):
				t.Fatalf("I/O %d failed: %v", n, err)
			}
			if !r.fired() {
				break
			}
			h.s.lift()
			h.s.flights = nil
			s.sides.check()
			if s.sides.out.last != last {
				t.Fatalf("after a failure of I/O %d: record %d, want %d", n, s.sides.out.last, last)
			}
		}
		t.Logf("each of %d I/Os failed", n-1)
		if without != 1+2*2+2 {
			t.Errorf("%d resumes came up, want the undisturbed one, one without each half of each copy of the superblock, and two that read a slot piece by piece", without)
		}
	})
}

// TestP10CrashInRecovery cuts the power at every I/O of a resume and of the
// attaches behind it, five deep.
func TestP10CrashInRecovery(t *testing.T) {
	promise(t, func(s *scenario) {
		s.prepare(nil)
		s.write(0, 2, 30)
		s.pump()
		for range 300 {
			s.s.cut(s.e.rng, s.image)
			s.sides.interrupted(s.image, maxDeep)
		}
		t.Logf("%d recoveries cut short", s.stats.Interrupted)
	})
}

// TestCrashAtEveryIOOfFormat formats a cache that is in use with another UUID.
// Until that has succeeded, what is found is the old log, whole, or the new one,
// or no cache; formatting again always helps, and then the old log is gone, also
// from a larger device, of which format wipes only the start and the end.
func TestCrashAtEveryIOOfFormat(t *testing.T) {
	promise(t, func(s *scenario) {
		s.prepare(nil)
		options := logcache.FormatOptions{DeviceSize: s.s.cache.bytes(), BlockSize: 512, SegmentSize: 8 << 10, UUID: [16]byte{2}, Nonce: nonce + 1}
		s.e.clean()
		h, before := &s.sides.host, newImages(s.s)
		for k := range before.disk {
			copy(before.disk[k], s.image.disk[k])
		}
		last := s.lastRecord(before)
		n := 1
		for done := false; !done; n++ {
			for range 20 {
				h.s.revive(before)
				h.s.limit = n
				_, err := logcache.Format(syncDevice{h.s}, options)
				done = err == nil
				h.s.cut(s.e.rng, s.image)
				h.s.revive(s.image)
				s.afterFormat(done, last)
				if _, err := logcache.Format(syncDevice{h.s}, options); err != nil {
					t.Fatal(err)
				}
				s.afterFormat(true, last)
				h.s.revive(s.image)
				if _, err := logcache.Format(syncDevice{h.s}, options); err != nil {
					t.Fatal(err)
				}
				h.s.cache.putBackLog(before.disk[0])
				s.afterFormat(true, last)
			}
		}
		t.Logf("%d I/O boundaries, a log of %d records", n-1, last)
	})
}

// lastRecord is where the log of an image ends.
func (s *scenario) lastRecord(img *images) uint64 {
	s.sides.s.revive(img)
	c, rec, err := logcache.Resume(syncDevice{s.sides.s}, s.config(func() {}))
	if err != nil {
		fail("P6", "%v", err)
	}
	if err := c.Free(); err != nil {
		fail("no leak", "%v", err)
	}
	return rec.LastSeq
}

// afterFormat checks what a format, finished or not, has left of a log that
// ended at record last.
func (s *scenario) afterFormat(finished bool, last uint64) {
	c, rec, err := logcache.Resume(syncDevice{s.sides.s}, s.config(func() {}))
	if err != nil {
		if finished || c != nil || errors.Is(err, segment.ErrDamaged) {
			fail("P8", "after a format: %v", err)
		}
		return
	}
	found := c.Life().Nonce
	if err := c.Free(); err != nil {
		fail("no leak", "%v", err)
	}
	switch {
	case found == nonce+1 && (rec.LastSeq != 0 || len(rec.Segments) != 0):
		fail("P8", "a new cache replays the log of the old one")
	case found == nonce && rec.LastSeq != last:
		fail("P8", "half a format left an old cache whose log ends at record %d, not %d", rec.LastSeq, last)
	case finished && found != nonce+1:
		fail("P8", "the old cache is still there after a format")
	}
}

// TestCrashAtEveryIOOfResumeAfterKill kills the server while records are
// written and not flushed, and cuts the power at every I/O of the next resume:
// what that has begun to build on must not be lost behind its back.
func TestCrashAtEveryIOOfResumeAfterKill(t *testing.T) {
	for n, up := 1, false; !up && !t.Failed(); n++ {
		promise(t, func(s *scenario) {
			s.prepare(nil)
			s.write(0, 2, 4)
			s.cache.CloseCurrent()
			s.pump()
			s.complete(0) // the record's write, without the flush
			s.s.kill(s.e.rng)
			s.free()
			s.newPorts()
			s.s.ios, s.s.limit = 0, n
			up = s.boot(s.world, &s.sides.out)
			s.e.point()
			if up {
				t.Logf("%d I/O boundaries", n-1)
			}
		})
	}
}
