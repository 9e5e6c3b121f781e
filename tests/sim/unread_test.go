package sim

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// tornTail writes a record that is durable and begins one that never completes;
// of that, the power cut leaves the first sectors. It returns where it lies on the
// cache device. The image is what the power cut leaves.
func (s *scenario) tornTail(landed int) (at int64) {
	s.fua(0, 0, 3)
	s.settle()
	s.write(0, 20, 3)
	s.cache.FlushCurrent()
	s.pump()
	at = s.s.flights[len(s.s.flights)-1].op.Offset
	s.e.clean()
	p := s.s.cache.flying[0]
	copy(s.image.disk[0][p.at:], p.ids[:landed])
	return at
}

// resumeWithout resumes the image with some of its bytes unreadable.
func (s *scenario) resumeWithout(from, to int64) (*segment.Recovery, error) {
	h := &s.sides.host
	h.s.revive(s.image)
	h.s.rules = []*rule{{what: eio, dev: 0, kinds: []block.Kind{block.Read}, from: from, to: to}}
	c, rec, err := logcache.Resume(syncDevice{h.s}, s.config(func() {}))
	if err == nil {
		err = c.Free()
	}
	h.s.flights = h.s.flights[:0]
	return rec, err
}

// TestP6UnreadableNeedNotBeRead: a sector that cannot be read, where nothing was
// that is known to be durable, does not stop a resume, which names it. Where the
// log ends it also says that one more record may have been there.
func TestP6UnreadableNeedNotBeRead(t *testing.T) {
	const behind, next, free, rest, header, payload = "behind the last record", "head of the next segment", "head of a free slot", "rest of the last slot", "header of the torn record", "payload of the torn record"
	for _, what := range []string{behind, next, free, rest, header, payload} {
		promise(t, func(s *scenario) {
			landed := 0
			if what == payload {
				landed = 1
			}
			torn := s.tornTail(landed)
			geo := s.cache.Geometry()
			at := map[string]int64{
				behind: torn, next: geo.SlotOffset(1), free: geo.SlotOffset(3), header: torn, payload: torn + sectorSize,
				rest: geo.SlotOffset(0) + int64(geo.SegmentSize) - sectorSize,
			}[what]
			rec, err := s.resumeWithout(at, at+sectorSize)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if rec.LastSeq != 1 || len(rec.Unread) != 1 || rec.Unread[0].Offset > at || rec.Unread[0].Offset+rec.Unread[0].Length <= at {
				t.Errorf("%s: record %d is the last, unreadable: %v", what, rec.LastSeq, rec.Unread)
			}
			if want := what != free && what != rest; (rec.Doubt != nil) != want {
				t.Errorf("%s: doubt %v", what, rec.Doubt)
			}
		})
	}
}

// TestP6UnreadableBelowDurable: a record that something states to be durable and
// that cannot be read is damage, at its address.
func TestP6UnreadableBelowDurable(t *testing.T) {
	for _, early := range []bool{false, true} { // the segment before ends before its slot does
		promise(t, func(s *scenario) {
			s.fua(0, 0, 3)
			s.settle()
			if early {
				s.close()
			}
			s.fua(0, 4, 3)
			s.settle()
			s.fua(0, 8, 3)
			s.settle()
			s.e.clean()
			geo := s.cache.Geometry()
			at := geo.SlotOffset(0) + 4*sectorSize
			if early {
				at = geo.SlotOffset(1)
			}
			_, err := s.resumeWithout(at, at+sectorSize)
			var damage *segment.DamageError
			if !errors.As(err, &damage) || damage.Seq != 2 || damage.Offset != at || !errors.Is(damage.Reason, errIO) {
				t.Errorf("early %v: %v, want damage of record 2 at byte %d", early, err, at)
			}
		})
	}
}

// TestP6UnsteadyDevice: a sector that could not be read, and then can, was no bad
// sector: nothing is concluded from it.
func TestP6UnsteadyDevice(t *testing.T) {
	promise(t, func(s *scenario) {
		s.fua(0, 0, 3)
		s.settle()
		s.fua(0, 4, 3)
		s.settle()
		s.cache.CommitSuper(func(error) {})
		s.settle()
		s.e.clean()
		h, at := &s.sides.host, s.cache.Geometry().SlotOffset(0)+4*sectorSize
		h.s.revive(s.image)
		h.s.rules = []*rule{{what: eio, dev: 0, kinds: []block.Kind{block.Read}, from: at, to: at + sectorSize, count: 1}}
		_, _, err := logcache.Resume(syncDevice{h.s}, s.config(func() {}))
		if !errors.Is(err, errIO) || errors.Is(err, segment.ErrDamaged) {
			t.Errorf("got %v", err)
		}
		h.s.lift()
		h.s.flights = h.s.flights[:0]
	})
}

// TestP6DroppedStaysDropped: a record is dropped that lies at the end of a
// segment; the head of the next one, which replaced it and was durable, goes bad
// later. That is damage, after however many resumes, and never the old record.
func TestP6DroppedStaysDropped(t *testing.T) {
	for resumes := range 3 {
		t.Run(fmt.Sprintf("%d resumes later", resumes), func(t *testing.T) {
			promise(t, func(s *scenario) {
				s.tornTail(3) // all but its last sector
				s.powerOn()
				s.fua(0, 20, 3) // record 2 again, head of segment 2
				s.settle()
				for range resumes {
					s.crash()
				}
				s.cache.CommitSuper(func(error) {})
				s.settle()
				s.e.clean()
				at := 2*superSectors + int(s.cache.Geometry().SegmentSectors())
				bad := append([]byte(nil), s.s.st.get(s.image.disk[0][at])...)
				bad[100] ^= 1
				s.image.disk[0][at] = s.s.st.put(bad)
				rec, err := s.recoverLog(s.image)
				var damage *segment.DamageError
				if !errors.As(err, &damage) || damage.Seq != 2 {
					t.Errorf("got %v, want damage at record 2; %+v", err, rec)
				}
			})
		})
	}
}
