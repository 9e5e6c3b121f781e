package race

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// shape is how large things are.
type shape struct {
	name    string
	segment uint32 // bytes
	block   uint32 // of the cache device, in bytes
	slots   int
	sizes   []uint64 // of the volumes, in sectors
	shared  uint64   // sectors of each that all threads write to
	largest uint64   // request, in sectors
	unit    int      // a logical block of the volumes, in sectors
}

// server is one cache with its volumes, over all its lives.
type server struct {
	shape
	t      *testing.T
	disks  *disks
	models []*volumeModel
	clock  clock

	// of one life
	core    *logcache.Cache
	keeper  *keeper
	volumes []*logcache.Volume
	errand  *errand
}

func newServer(t *testing.T, sh shape) *server {
	s := &server{shape: sh, t: t, disks: &disks{cache: newMemory(segment.LogOffset + sh.slots*int(sh.segment))}}
	for _, n := range sh.sizes {
		s.disks.backings = append(s.disks.backings, newMemory(int(n)*segment.SectorSize))
		s.models = append(s.models, newVolumeModel(n, sh.shared, uint64(sh.unit)))
	}
	o := logcache.FormatOptions{DeviceSize: uint64(len(s.disks.cache.bytes)), BlockSize: sh.block, SegmentSize: sh.segment, Nonce: 1}
	if _, err := logcache.Format(s.disks.cache, o); err != nil {
		t.Fatal(err)
	}
	return s
}

// live resumes the log and attaches all volumes.
func (s *server) live() {
	s.keeper = newKeeper(s.disks, s.clock.last.Load())
	core, _, err := logcache.Resume(s.disks.cache, logcache.Config{BufferBytes: 4 * int(s.segment), Wake: poke(s.keeper.wake), Clock: slowly(), Loaders: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	core.SetDiscardSlots(true)
	s.core, s.errand = core, newErrand(s.t, s)
	s.keeper.start(core)
	s.volumes = nil
	for i, n := range s.sizes {
		s.volumes = append(s.volumes, logcache.NewVolume(uint8(i+1), fmt.Sprintf("volume%d", i), n, uint32(s.unit*segment.SectorSize)))
		s.frozen(i, func() { s.attach(i) })
	}
}

// slowly is a clock by which the devices take as long as real ones.
func slowly() func() time.Duration {
	begun := time.Now()
	return func() time.Duration { return 1 + 50*time.Since(begun) }
}

// die ends a life without a word to the devices.
func (s *server) die() {
	if err := s.keeper.kill(); err != nil {
		s.t.Error(err)
	}
	if err := s.core.Free(); err != nil {
		s.t.Error(err)
	}
	if err := mem.Free(s.errand.memory); err != nil {
		s.t.Error(err)
	}
}

// attach attaches a frozen and idle volume, on the evidence of what is on its
// disk. Whatever the last life had under way there, it is as the cache left it.
func (s *server) attach(i int) {
	v := s.volumes[i]
	b := segment.Binding{ID: v.ID, Name: v.Name, Sectors: v.Sectors, Fingerprint: uint64(i)} // the first has none
	disk, log := s.look(s.disks.backings[i]), s.look(s.disks.cache)
	e, err := s.core.Examine(v, &b, disk, log)
	if err = errors.Join(err, disk.Close(), log.Close()); err != nil {
		s.t.Errorf("examine: %v", err)
		return
	}
	if seen := e.Changed(); seen != nil {
		s.t.Errorf("volume %d: nobody but the cache has written to the disk: %v", i, seen)
	}
	s.must("attach", func(done func(error)) { s.core.Attach(v, b, e, done) })
}

func (s *server) look(m *memory) *witness.Reader {
	r, err := witness.NewReader(m, uint64(len(m.bytes)/segment.SectorSize))
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// must waits for what the keeper's thread does.
func (s *server) must(what string, do func(done func(error))) {
	s.t.Helper()
	result := make(chan error, 1)
	do(func(err error) { result <- err })
	if err := <-result; err != nil {
		s.t.Errorf("%s: %v", what, err)
	}
}

// frozen does something while a volume is frozen and idle.
func (s *server) frozen(i int, do func()) {
	v := s.volumes[i]
	v.Freeze()
	s.until(v.Idle)
	do()
	v.Unfreeze()
}

// until waits. What never comes hangs, and the test's time-out shows where.
func (s *server) until(ok func() bool) {
	for !ok() && !s.t.Failed() {
		time.Sleep(100 * time.Microsecond)
	}
}

// rehome takes a volume off the cache, lets it pass through for a moment, and
// attaches it again.
func (s *server) rehome(i int) {
	v := s.volumes[i]
	s.frozen(i, func() {
		s.keeper.drain.Store(true)
		s.until(func() bool { return s.core.DirtyBlocks(v.ID) == 0 })
		s.keeper.drain.Store(false)
		s.must("detach", func(done func(error)) { s.core.Detach(v, done) })
	})
	time.Sleep(time.Millisecond)
	s.frozen(i, func() { s.attach(i) })
}

// administer does what an administrator might, until the time is up.
func (s *server) administer(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && !s.t.Failed(); time.Sleep(2 * time.Millisecond) {
		i := rand.IntN(len(s.volumes))
		_ = s.core.Status()
		s.volumes[i].SetBypass(logcache.Bypass{Cutoff: []uint64{0, 1, 8192}[rand.IntN(3)], Single: rand.IntN(4) == 0})
		_ = s.volumes[i].Status()
		s.core.SetCongested([]uint64{0, 0, 4096}[rand.IntN(3)])
		s.core.SetDiscardSlots(rand.IntN(2) == 0)
		if rand.IntN(16) == 0 {
			s.core.SetBarrierDeadline([]time.Duration{0, time.Millisecond, time.Hour}[rand.IntN(3)])
		}
		s.slow(s.volumes[i])
		switch rand.IntN(24) {
		case 0, 1:
			s.frozen(i, func() { time.Sleep(time.Millisecond) })
		case 2, 3:
			s.must("superblock", s.core.CommitSuper)
		case 4:
			s.rehome(i)
		}
	}
	s.core.Background().Do(func(*logcache.Port) {
		for _, v := range s.volumes {
			s.core.Limit(v, logcache.Credit{})
		}
	})
}

// slow gives a volume some credit, or lets it go.
func (s *server) slow(v *logcache.Volume) {
	_ = v.Backlogged()
	if rand.IntN(200) == 0 {
		v.Unlimit()
		return
	}
	set := logcache.Credit{Slowed: rand.IntN(2) == 0, Bytes: rand.Int64N(64 << 10), First: rand.Int64N(8192), Most: 64 << 10}
	s.core.Background().Do(func(*logcache.Port) { s.core.Limit(v, set) })
}

// settle makes everything durable, and takes note of what shared sectors hold.
func (s *server) settle() {
	for i, v := range s.volumes {
		s.errand.run(&logcache.Request{Op: logcache.Flush, Volume: v})
		s.each(i, func(lba, stamp uint64) error {
			m := s.models[i]
			if lba >= m.shared {
				return m.want(lba, stamp)
			}
			if low := m.floor[lba].Load(); stamp < low {
				return fmt.Errorf("shared sector %d has stamp %d, which %d and later have replaced", lba, stamp, low)
			}
			m.stamps[lba] = stamp
			return nil
		})
	}
}

// compare checks that every volume holds what the model says.
func (s *server) compare() {
	for i := range s.volumes {
		s.each(i, s.models[i].want)
	}
}

// want compares a sector with the model, while nobody writes.
func (m *volumeModel) want(lba, stamp uint64) error {
	if stamp != m.stamps[lba] {
		return fmt.Errorf("sector %d has stamp %d, expected %d", lba, stamp, m.stamps[lba])
	}
	return nil
}

// each reads a volume through, as far as it is right.
func (s *server) each(i int, check func(lba, stamp uint64) error) {
	for lba := uint64(0); lba < s.sizes[i]; lba += s.largest {
		n := min(s.largest, s.sizes[i]-lba)
		r := logcache.Request{Op: logcache.Read, Volume: s.volumes[i], LBA: lba, Sectors: uint32(n), Buf: s.errand.memory[:n*segment.SectorSize]}
		s.errand.run(&r)
		if err := inspect(r.Buf, i, lba, check); err != nil {
			s.t.Errorf("volume %d: %v", i, err)
			return
		}
	}
}

// inspect checks sectors that were read.
func inspect(buf []byte, volume int, lba uint64, check func(lba, stamp uint64) error) error {
	for ; len(buf) > 0; lba, buf = lba+1, buf[segment.SectorSize:] {
		stamp, err := identify(buf[:segment.SectorSize], volume, lba)
		if err == nil {
			err = check(lba, stamp)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retire drains the log, detaches all, and compares the backings alone.
func (s *server) retire() {
	s.keeper.drain.Store(true)
	for i, v := range s.volumes {
		s.frozen(i, func() {
			s.until(func() bool { return s.core.DirtyBlocks(v.ID) == 0 })
			s.must("detach", func(done func(error)) { s.core.Detach(v, done) })
		})
		if err := inspect(s.disks.backings[i].bytes, i, 0, s.models[i].want); err != nil {
			s.t.Errorf("backing %d: %v", i, err)
		}
	}
}
