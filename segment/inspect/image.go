package inspect

import (
	"errors"
	"fmt"
	"io"

	"github.com/ublk-lc/ublk-lc/segment"
)

var (
	// ErrShrunk is returned for a device that is smaller than the log on it.
	ErrShrunk = errors.New("smaller than at format")
	// ErrNoSuperblock is returned when both copies of the superblock are bad,
	// or contradict each other. It wraps [segment.ErrDamaged].
	ErrNoSuperblock = fmt.Errorf("%w: no superblock is valid", segment.ErrDamaged)
)

// Copy is one of the two copies of the superblock.
type Copy struct {
	Offset  int64          // bytes
	Super   *segment.Super // nil when the copy is bad
	Err     error          // why it is bad
	InForce bool

	raw []byte
}

// Image is a cache device, or a file with its bytes.
type Image struct {
	Copies [2]Copy
	Size   int64 // bytes

	r     *reader
	super *segment.Super
	given segment.GivenUp
	err   error
}

// Open reads the superblock of a cache of size bytes. It does not fail when
// there is none: [Image.Super] tells, and the copies can be dumped all the same.
func Open(r io.ReaderAt, size int64) (*Image, error) {
	rd, err := newReader(r, size)
	if err != nil {
		return nil, err
	}
	m := &Image{Size: size, r: rd}
	for i := range m.Copies {
		m.readCopy(i)
	}
	m.choose()
	return m, nil
}

// Super is the superblock in force, or why there is none.
func (m *Image) Super() (*segment.Super, error) { return m.super, m.err }

// Close frees memory; the device belongs to the caller.
func (m *Image) Close() error { return m.r.close() }

func (m *Image) readCopy(i int) {
	c := &m.Copies[i]
	c.Offset = int64(i) * segment.SuperSpace
	raw := make([]byte, segment.MaxSuperSize)
	n, _ := m.r.ReadAt(raw, c.Offset) // a short device has no copy there, and says so by its length
	c.raw = raw[:n]
	if c.Err = m.r.failed(c.Offset, segment.MaxSuperSize); c.Err == nil {
		c.Super, c.Err = segment.DecodeSuper(c.raw)
	}
}

// choose finds the copy in force by the rule that a resume follows.
func (m *Image) choose() {
	a, b := &m.Copies[0], &m.Copies[1]
	s, err := segment.NewestSuper(a.raw, b.raw)
	switch {
	case err == nil:
	case errors.Is(err, segment.ErrNotFormatted) && m.r.failed(0, 2*segment.SuperSpace) == nil,
		errors.Is(err, segment.ErrVersion):
		m.err = err
		return
	default:
		m.err = fmt.Errorf("%w: copy A: %v; copy B: %v", ErrNoSuperblock, orConflict(a.Err, err), orConflict(b.Err, err))
		return
	}
	for i := range m.Copies {
		c := &m.Copies[i]
		c.InForce = c.Super != nil && c.Super.Generation == s.Generation
		if c.InForce {
			break
		}
	}
	if end := int64(s.Geometry.LogOffset + s.Geometry.LogBytes()); end > m.Size {
		m.err = fmt.Errorf("%w: the log ends at byte %d, the device at %d", ErrShrunk, end, m.Size)
		return
	}
	m.super, m.given = s, s.GivenUp()
}

// orConflict is why a copy is bad, or for a good one what is wrong with both
// together.
func orConflict(own, both error) error {
	if own != nil {
		return own
	}
	return both
}

// place is where a position of a segment lies.
func (m *Image) place(id uint64, sector uint32) Place {
	g := m.super.Geometry
	slot := g.Slot(id)
	return Place{Segment: id, Slot: slot, Sector: sector, Offset: g.SlotOffset(slot) + int64(sector)*segment.SectorSize}
}

// read reads a part of a segment. What lies behind the device's end is 0.
func (m *Image) read(b []byte, p Place) {
	n, _ := m.r.ReadAt(b, p.Offset)
	clear(b[n:])
}
