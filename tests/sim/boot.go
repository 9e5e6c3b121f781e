package sim

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
)

// resume resumes the cache of a host, which it does not keep yet.
func (h *host) resume(w *world) (*logcache.Cache, *segment.Recovery, error) {
	wake := make([]bool, len(h.ports)+1)
	h.woken = wake
	cfg := w.config(func() { wake[len(wake)-1] = true })
	cfg.Clock = func() time.Duration { return h.clock }
	return logcache.Resume(syncDevice{h.s}, cfg)
}

// outcome is what a boot brought back.
type outcome struct {
	vols     []found
	attached []bool
	flushed  []bool // its backing was, before
	last     uint64 // sequence of the last record
	point    int64  // in the order of acceptance
}

// boot resumes the cache and attaches what its log binds. It returns false
// when the power failed meanwhile.
func (h *host) boot(w *world, out *outcome) bool {
	n := len(w.Volumes)
	c, rec, err := h.resume(w)
	if h.s.dead {
		if c != nil {
			h.cache = c
			h.free()
		}
		return false
	}
	if err != nil {
		fail("recovery", "%v", err)
	}
	h.cache, h.mig = c, migrate.New(c)
	c.SetDiscardSlots(w.DiscardSlots)
	w.checkIDs(c)
	h.vols = h.vols[:0]
	out.attached, out.last, out.flushed = out.attached[:0], rec.LastSeq, make([]bool, n)
	for i := range n {
		v := logcache.NewVolume(w.id(i), "", uint64(w.Volumes[i]), w.block(i))
		h.vols = append(h.vols, v)
		on := bound(c, w.id(i))
		out.attached = append(out.attached, on)
		w.checkSide(i, on, c.DirtyBlocks(w.id(i)))
		out.vols[i].gone = !on && w.giving[i]
		if on && w.Bypass {
			if out.flushed[i] = h.flushBacking(w.id(i)); h.s.dead {
				return false
			}
		}
		if on && !h.attach(v, w.binding(i)) {
			return false
		}
	}
	return true
}

func bound(c *logcache.Cache, id uint8) bool {
	for _, b := range c.Bound() {
		if b.ID == id {
			return b.State == segment.Attached
		}
	}
	return false
}

// checkSide checks that a volume is bound exactly if it should be, or if the
// power was cut in the middle of a change.
func (w *world) checkSide(i int, on bool, dirty uint64) {
	switch v := w.o.vols[i]; {
	case on && !v.logged && !w.joining[i]:
		fail("P8", "device %d is bound though it is detached", v.id)
	case !on && v.logged && !w.leaving[i]:
		fail("P8", "device %d is not bound though it is attached", v.id)
	case !on && dirty != 0:
		fail("P8", "device %d is detached and the log has data of it", v.id)
	}
}

// flushBacking flushes a backing as a host does before an attach: a server that
// was killed may have owed it a flush. It tells whether that succeeded.
func (h *host) flushBacking(id uint8) (ok bool) {
	h.flushDisk(id, func(err error) { ok = err == nil })
	h.runToIdle()
	return ok
}

// attach attaches a new volume, with nothing else going on.
func (h *host) attach(v *logcache.Volume, b segment.Binding) bool {
	err := errors.New("no answer")
	v.Freeze()
	h.cache.Attach(v, b, h.unchanged(v, &b), func(e error) { err = e })
	h.runToIdle()
	if h.s.dead {
		return false
	}
	if err != nil {
		fail("attach", "device %d: %v", v.ID, err)
	}
	v.Unfreeze()
	h.runToIdle()
	return !h.s.dead
}

// checker tries power cuts on the side: a host of its own, on devices of its
// own, with the contents and the oracle of a world.
type checker struct {
	host
	w     *world
	kit   *kit
	out   outcome
	bufs  [][]byte
	reqs  []logcache.Request
	spare *images

	tick   int // states looked at
	super  [2][]byte
	rotten *rand.Rand // which bit goes bad; a copy is as good as the other, whichever it is
	placed []segment.Placed
}

func newChecker(w *world, k *kit) *checker {
	c := &checker{w: w, kit: k, rotten: rand.New(rand.NewPCG(w.Seed, 37))}
	c.s = newDevs(w.s.st, &w.Options, w.ids)
	c.s.work = w.s.work
	k.wake = func() { c.woken[0] = true }
	c.ports = []*logcache.Port{k.port}
	c.early = func() bool { return false }
	c.answered = func(r *logcache.Request) {
		if r.Err != nil {
			fail("P9", "read after recovery: %v", r.Err)
		}
	}
	c.reqs = make([]logcache.Request, len(w.Volumes))
	for _, n := range w.Volumes {
		c.bufs = append(c.bufs, make([]byte, n*sectorSize))
		c.out.vols = append(c.out.vols, found{version: make([]int, n)})
	}
	c.spare = newImages(c.s)
	return c
}

// try recovers images and checks all that must hold. What it found is in c.out
// until the next try.
func (c *checker) try(m *images) {
	c.w.o.betweenBatches(c.s.st, m)
	c.s.revive(m)
	c.check()
}

// check boots from what the devices hold, reads everything and frees the host.
func (c *checker) check() {
	if !c.boot(c.w, &c.out) {
		fail("sim", "the power failed where it cannot")
	}
	c.readAll(&c.host, &c.out)
	c.out.point = c.w.o.recovered(c.out.vols)
	c.free()
}

// readAll reads all volumes of an idle host and finds out what they hold.
func (c *checker) readAll(h *host, out *outcome) {
	for i, v := range h.vols {
		c.reqs[i] = logcache.Request{Op: logcache.Read, Sectors: uint32(v.Sectors), Buf: c.bufs[i], Volume: v}
		h.ports[0].Submit(&c.reqs[i])
		h.pump()
	}
	h.runToIdle()
	for i := range h.vols {
		if c.reqs[i].Err != nil {
			fail("P9", "read after recovery: %v", c.reqs[i].Err)
		}
		for lba := range out.vols[i].version {
			l, ok := readLabel(c.bufs[i][lba*sectorSize : (lba+1)*sectorSize])
			out.vols[i].version[lba] = c.w.o.known("P2", uint8(i+1), uint64(lba), l, ok)
		}
	}
}

// interrupted recovers images with the power failing again and again in the
// middle, depth times, and wants the same in the end (P10).
func (c *checker) interrupted(m *images, depth int) {
	c.try(m)
	last, point := c.out.last, c.out.point
	c.s.revive(m)
	for range depth {
		c.s.limit = 1 + c.w.rng.IntN(40)
		if c.boot(c.w, &c.out) {
			c.free()
			c.s.cut(c.w.rng, c.spare)
			c.s.revive(c.spare)
			break
		}
		c.free()
		c.kit.renewPort()
		c.ports[0] = c.kit.port
		c.s.cut(c.w.rng, c.spare)
		c.s.revive(c.spare)
		c.w.stats.state(c.s, c.spare)
		c.w.stats.Interrupted++
	}
	c.check()
	if c.out.last != last || c.out.point != point {
		fail("P10", "an interrupted recovery brought back record %d, position %d; an undisturbed one record %d, position %d", c.out.last, c.out.point, last, point)
	}
}
