package sim

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
)

// TestP8DecayBesideTampering: a disk that was changed, while sectors of the log
// went bad too, is never attached because of what is bad: what the whole log would
// have had refused stays refused, unless all that shows it are sectors of which the
// log has a version in a bad chunk. Of those nothing is known.
func TestP8DecayBesideTampering(t *testing.T) {
	k, stats, n := newKit(), NewStats(), &verdicts{}
	for seed := range uint64(*decayFlag) {
		o := RandomOptions(*seedFlag + seed)
		o.Faults, o.Generations, o.Points, o.Scope = false, 3, 0, someWitnessed
		dice := rand.New(rand.NewPCG(o.Seed, 43))
		v := guard(func() {
			w := newWorld(o, stats, k)
			w.makeRequests()
			w.start(true)
			before, m := newImages(w.s), newImages(w.s)
			w.s.cut(dice, before)
			for range o.Generations {
				w.generation()
				w.s.cut(dice, w.image)
				for range 40 {
					for i := range m.disk {
						copy(m.disk[i], w.image.disk[i])
					}
					w.sides.decayTampered(m, before, dice, n)
				}
				for i := range before.disk {
					copy(before.disk[i], w.image.disk[i])
				}
				w.restart()
			}
			w.free()
		})
		if v != nil {
			t.Errorf("seed %d: %v\nrepeat it: go test ./tests/sim -run TestP8DecayBesideTampering -sim.decay=1 -sim.seed=%d\n%s", o.Seed, v, o.Seed, v.Stack)
			k.renewPort()
		}
	}
	t.Logf("%d disks to be refused by the whole log were judged by a bad one, %d refused", n.judged, n.refused)
	if *decayFlag >= 60 && n.judged == 0 {
		t.Error("no disk was ever to be refused")
	}
}

// decayTampered does something to the disks, lets the log go bad, and tries to
// attach what the whole log knows to be changed.
func (c *checker) decayTampered(m, before *images, r *rand.Rand, n *verdicts) {
	kind := []tampering{written, swapped, setBack, replaced}[r.IntN(4)]
	if _, _, _, done := kind.tamper(r, c.s.st, m, before); !done {
		return
	}
	changed := make([][]uint64, len(c.w.Volumes))
	for i := range changed {
		changed[i] = c.changed(m, i)
	}
	super, err := segment.NewestSuper(c.superblocks(m))
	if err != nil {
		fail("recovery", "%v", err)
	}
	whole := c.recall(decayed{imageReader: imageReader{c.s.cache, m.disk[0]}}, super)
	for range 1 + r.IntN(3) {
		d := c.choose(r, whole)
		d.unread = false
		c.spoilt(m, []decay{d})
		for i := range changed {
			dev := c.w.id(i)
			changed[i] = slices.DeleteFunc(changed[i], func(lba uint64) bool { return c.inBadChunk(whole, d.at, dev, lba) })
		}
	}
	c.attachChanged(m, changed, n)
}

// inBadChunk tells whether the log has a version of a sector in the chunk that
// sector bad of its image is of.
func (c *checker) inBadChunk(h *history, bad int, dev uint8, lba uint64) bool {
	for i := range h.spots {
		s := &h.spots[i]
		if _, payload := s.hit(bad); !payload {
			continue
		}
		for _, p := range s.placed {
			if p.Device != dev || !p.Kind.HasPayload() || lba < p.LBA || lba >= p.LBA+uint64(p.Sectors) {
				continue
			}
			at := c.s.cache.fold(int(p.At) + int(lba-p.LBA))
			if (at-s.payload)/segment.ChunkSectors == (bad-s.payload)/segment.ChunkSectors {
				return true
			}
		}
	}
	return false
}

// attachChanged wants every disk that was changed to be refused, if a resume has
// data of it.
func (c *checker) attachChanged(m *images, changed [][]uint64, n *verdicts) {
	h := &c.host
	h.s.revive(m)
	cache, _, err := h.resume(c.w)
	if errors.Is(err, segment.ErrDamaged) {
		return
	}
	if err != nil {
		fail("P6", "resume: %v", err)
	}
	h.cache = cache
	for i := range c.w.Volumes {
		b := c.w.binding(i)
		if len(changed[i]) == 0 || cache.DirtyBlocks(b.ID) == 0 {
			continue
		}
		n.judged++
		v := logcache.NewVolume(b.ID, "", b.Sectors, c.w.block(i))
		v.Freeze()
		e := h.examine(v, &b)
		err := errors.New("no answer")
		c.cache.Attach(v, b, e, func(got error) { err = got })
		c.runToIdle()
		if err == nil {
			fail("P8", "device %d is attached with a log that has gone bad, and the whole log refuses its disk", b.ID)
		}
		n.refused++
	}
	h.free()
}
