package sim

import "math/rand/v2"

// fate is what a power cut does to a write that was not flushed.
type fate uint8

const (
	gone   fate = iota
	whole       // all of it landed
	front       // torn: the sectors up to some point landed
	back        // torn: those from some point on
	sieved      // each sector by itself
	nFates
)

// cut chooses one of the images that a power cut now may leave. Every write
// that was not flushed has a fate of its own; the kinds of cut make likely
// what independent dice would hardly ever throw.
func (s *devs) cut(r *rand.Rand, m *images) {
	kind := r.IntN(7)
	total := 0
	s.each(func(_ int, d *disk) { total += len(d.done) + len(d.flying) })
	one := r.IntN(max(1, total))
	i := 0
	s.each(func(k int, d *disk) {
		img := m.disk[k]
		copy(img, d.durable)
		for _, list := range [2][]*pending{d.done, d.flying} {
			for _, p := range list {
				p.land(r, img, fateOf(r, kind, i, one))
				i++
			}
		}
		d.wreck(r, img)
	})
}

// fateOf is what write i meets in a kind of cut; one is the write that the
// kind singles out.
func fateOf(r *rand.Rand, kind, i, one int) fate {
	dice := fate(r.IntN(int(nFates)))
	switch kind {
	case 0:
		return gone
	case 1:
		return whole
	case 2: // whole writes only
		return fate(r.IntN(2))
	case 3: // an orderly device
		if i == one {
			return dice
		}
		if i < one {
			return whole
		}
		return gone
	case 4: // all but one
		if i == one {
			return dice
		}
		return whole
	case 5: // none but one
		if i == one {
			return dice
		}
		return gone
	}
	return dice
}

// land puts what the fate leaves of a write on the medium.
func (p *pending) land(r *rand.Rand, img []sid, f fate) {
	from, to := 0, len(p.ids)/p.unit
	switch f {
	case gone:
		return
	case front:
		to = r.IntN(to + 1)
	case back:
		from = r.IntN(to + 1)
	case sieved:
		for i := range to {
			if r.IntN(2) == 0 {
				p.put(img, i, i+1)
			}
		}
		return
	}
	p.put(img, from, to)
}

// put lands the units from one to another.
func (p *pending) put(img []sid, from, to int) {
	from, to = from*p.unit, to*p.unit
	copy(img[p.at+from:p.at+to], p.ids[from:to])
}

// kill chooses what the devices hold when only the server dies: they go on,
// and each operation under way is carried out or is not.
func (s *devs) kill(r *rand.Rand) {
	s.each(func(_ int, d *disk) {
		for len(d.flying) > 0 {
			p := d.flying[0]
			if r.IntN(2) == 0 {
				d.finish(p)
			} else {
				d.drop(p)
			}
		}
		if d.forgot {
			d.reset()
		}
	})
	s.flights = s.flights[:0]
	s.lift()
}
