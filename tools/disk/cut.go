package disk

import "math/rand/v2"

// Loss says what a power cut does to writes that no flush has covered.
type Loss struct {
	All  bool   // lose every one
	Seed uint64 // otherwise throw a dice for each, starting from this
}

// LoseAll keeps nothing but what was flushed.
var LoseAll = Loss{All: true}

// Dice decides for each volatile write by a seeded dice.
func Dice(seed uint64) Loss { return Loss{Seed: seed} }

// Report counts what became of the volatile writes in a cut.
type Report struct {
	Lost, Applied, Torn int
}

// piece is a write whose fate is open.
type piece struct {
	off  int64
	data []byte
}

// cut leaves in the file what the disk holds when its power comes back.
// flying are writes that were received and not completed: they have the same
// three fates.
func (m *image) cut(loss Loss, flying []piece) (Report, error) {
	pieces, err := m.rewind()
	if err != nil {
		return Report{}, err
	}
	pieces = append(pieces, flying...)
	if loss.All {
		return Report{Lost: len(pieces)}, nil
	}
	return m.throw(rand.New(rand.NewPCG(loss.Seed, 0x6c6f6773)), pieces)
}

// rewind takes the file back to the stable image and returns what the
// volatile writes had put there, oldest first.
func (m *image) rewind() ([]piece, error) {
	pieces := make([]piece, len(m.undo))
	for i := len(m.undo) - 1; i >= 0; i-- {
		u := m.undo[i]
		data := make([]byte, len(u.old))
		if err := m.read(data, u.off); err != nil {
			return nil, err
		}
		if err := m.put(u.old, u.off); err != nil {
			return nil, err
		}
		pieces[i] = piece{u.off, data}
	}
	m.settle(m.mark())
	return pieces, nil
}

// throw decides each write's fate. Going forwards means that a sector ends up
// with one of its versions, the newest of those that survived.
func (m *image) throw(dice *rand.Rand, pieces []piece) (Report, error) {
	var r Report
	for _, p := range pieces {
		sectors := len(p.data) / SectorSize
		switch fate := dice.IntN(3); {
		case fate == 0:
			r.Lost++
			continue
		case fate == 1 || sectors < 2:
			r.Applied++
		default:
			r.Torn++
			p = p.tear(dice, sectors)
		}
		if err := m.put(p.data, p.off); err != nil {
			return r, err
		}
	}
	return r, nil
}

// tear keeps the part before or after one boundary between two sectors.
func (p piece) tear(dice *rand.Rand, sectors int) piece {
	at := (1 + dice.IntN(sectors-1)) * SectorSize
	if dice.IntN(2) == 0 {
		return piece{p.off, p.data[:at]}
	}
	return piece{p.off + int64(at), p.data[at:]}
}
