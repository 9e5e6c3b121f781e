package sim

import (
	"errors"
	"math/rand/v2"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// This file does to the disks, while the power is off, what people and boot
// scripts do: mount them, swap them, put back a snapshot of one, or an old copy of
// the cache device. Then the disk is refused exactly if one of its witnessed
// sectors holds neither what its witness says nor anything that the log has.

// tampering is what is done to the images of a host without power.
type tampering uint8

const (
	untouched tampering = iota
	written             // some sectors of a disk, by somebody else
	swapped             // two disks of one size
	setBack             // a disk to what it was before
	replaced            // a disk by one that holds other things
	oldCopy             // of the cache device
	tamperings
)

func (t tampering) String() string {
	return [...]string{"untouched", "written", "swapped", "set back", "replaced", "old copy of the cache"}[t]
}

// tamper does it, with what the disks held some time before. It tells which
// disk it was done to, and what was written to it, or that there was nothing to do.
func (t tampering) tamper(r *rand.Rand, st *store, m, before *images) (dev int, from, to int, done bool) {
	dev = 1 + r.IntN(len(m.disk)-1)
	d := m.disk[dev]
	other := 1 + r.IntN(len(m.disk)-1)
	switch t {
	case written:
		from = r.IntN([]int{len(d), 8}[r.IntN(2)])
		to = min(len(d), from+1+r.IntN(4))
		for i := from; i < to; i++ {
			d[i] = st.put(foreign(r))
		}
	case swapped:
		if other == dev || len(d) != len(m.disk[other]) {
			return 0, 0, 0, false
		}
		m.disk[dev], m.disk[other] = m.disk[other], d
	case setBack:
		copy(d, before.disk[dev])
	case replaced:
		for i := range d {
			d[i] = st.put(foreign(r))
		}
		from, to = 0, len(d)
	case oldCopy:
		copy(m.disk[0], before.disk[0])
	}
	return dev, from, to, true
}

// foreign is a sector that nobody wrote through the cache.
func foreign(r *rand.Rand) []byte {
	b := make([]byte, sectorSize)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// verdicts count how disks were judged after one kind of tampering.
type verdicts struct{ judged, refused int }

// judged brings a host up on images that may have been tampered with, and wants
// each disk that the log has data of to be judged as it must be. With from < to,
// these sectors of a disk were written by somebody else.
func (c *checker) judged(m *images, dev, from, to int, n *verdicts) {
	h := &c.host
	h.s.revive(m)
	cache, _, err := h.resume(c.w)
	if err != nil {
		fail("P6", "resume: %v", err)
	}
	h.cache = cache
	for i := range c.w.Volumes {
		b := c.w.binding(i)
		if cache.DirtyBlocks(b.ID) == 0 {
			continue
		}
		v := logcache.NewVolume(b.ID, "", b.Sectors, c.w.block(i))
		v.Freeze()
		e := h.examine(v, &b)
		n.judged++
		want := c.tamperedWith(m, i)
		if i+1 == dev && c.witnesses(b.ID, from, to) {
			want = true
		}
		c.refusal(v, b, e, want, n)
	}
	h.free()
}

// refusal wants an attach to be refused, or not to be.
func (c *checker) refusal(v *logcache.Volume, b segment.Binding, e *logcache.Evidence, want bool, n *verdicts) {
	var err error
	c.cache.Attach(v, b, e, func(got error) { err = got })
	c.runToIdle()
	switch refused := errors.Is(err, logcache.ErrMismatch); {
	case refused != want || refused != (e.Changed() != nil) || err != nil && !refused:
		fail("P8", "device %d: attach gives %v, what was seen is %v; is it to be refused: %v", b.ID, err, e.Changed(), want)
	case refused:
		n.refused++
	}
}

// witnesses tells whether a device's witness names one of these sectors.
func (c *checker) witnesses(dev uint8, from, to int) bool {
	b := c.binding(dev)
	return from < to && b != nil && witness.Covers(b.Witness, uint64(from), uint64(to-from))
}

// binding is that of a device, as the log has it.
func (c *checker) binding(dev uint8) *segment.Binding {
	for _, b := range c.cache.Bound() {
		if b.ID == dev {
			return &b
		}
	}
	return nil
}

// tamperedWith tells whether a witnessed sector of disk i holds what it must not.
func (c *checker) tamperedWith(m *images, i int) bool { return len(c.changed(m, i)) > 0 }

// changed looks at all of disk i, and all of the log, for witnessed sectors that
// hold what they must not.
func (c *checker) changed(m *images, i int) []uint64 {
	dev := c.w.id(i)
	s, err := segment.NewestSuper(c.superblocks(m))
	if err != nil {
		fail("recovery", "%v", err)
	}
	b := s.Binding(dev)
	if b == nil || b.Witness == nil {
		return nil
	}
	may := map[uint64]map[uint32]bool{}
	allow := func(lba uint64, sum uint32) {
		if may[lba] == nil {
			may[lba] = map[uint32]bool{}
		}
		may[lba][sum] = true
	}
	w := b.Witness
	for i, sum := range w.Head {
		allow(uint64(i), sum)
	}
	for i, sum := range w.Tail {
		allow(w.Sectors-uint64(len(w.Tail))+uint64(i), sum)
	}
	for _, marks := range [][]segment.Mark{w.Marks, w.Samples} {
		for _, k := range marks {
			allow(k.LBA, k.Sum)
		}
	}
	sumOf := func(disk int, at int) uint32 { return segment.Checksum(c.s.st.get(m.disk[disk][at])) }
	zero := segment.Checksum(make([]byte, sectorSize))
	_, err = segment.Recover(imageReader{c.s.cache, m.disk[0]}, s, func(r *segment.Record) {
		for _, p := range r.AppendPlaced(nil, s.Geometry) {
			for i := range uint64(p.Sectors) {
				sum := zero
				if p.Kind.HasPayload() {
					sum = sumOf(0, c.s.cache.fold(int(p.At)+int(i)))
				}
				if p.Device == dev && r.Seq > b.GivenUp && may[p.LBA+i] != nil {
					allow(p.LBA+i, sum)
				}
			}
		}
	})
	if err != nil {
		fail("recovery", "%v", err)
	}
	var changed []uint64
	for lba, sums := range may {
		if !sums[sumOf(i+1, int(lba))] {
			changed = append(changed, lba)
		}
	}
	return changed
}
