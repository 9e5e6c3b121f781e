package migrate

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

const (
	// maxWrite is the largest merged write, in bytes.
	maxWrite = 1 << 20
	// maxZero is the largest merged discard, or range of zeroes. A disk that has
	// to write them is busy with it for some tens of milliseconds.
	maxZero = 4 << 20
)

// run is what one operation brings to a backing: neighbours of one kind.
type run struct {
	segment.Extent
	from int // of its data in staging
}

// canMerge tells whether a run goes on with a version.
func (r *run) canMerge(v *version) bool {
	most := uint64(maxWrite)
	if !r.Kind.HasPayload() {
		most = maxZero
	}
	return r.Sectors > 0 && r.Device == v.Device && r.Kind == v.Kind && r.LBA+uint64(r.Sectors) == v.LBA &&
		(uint64(r.Sectors)+uint64(v.Sectors))*segment.SectorSize <= most
}

// sort verifies the batch, finds the newest version of each sector, and makes
// one operation of each run of neighbours.
func (m *Migrator) sort() error {
	m.versions, m.places, m.devs = m.versions[:0], m.places[:0], m.devs[:0]
	given := m.src.GivenUp()
	m.src.Sorting()
	for i := range m.batch {
		if err := m.collect(i, &given); err != nil {
			return err
		}
	}
	m.staged = 0
	m.patches.begin()
	var r run
	end := func() {
		m.emit(&r)
		r = run{}
	}
	put := func(v version) {
		if !r.canMerge(&v) {
			end()
			r = run{Extent: v.Extent, from: m.staged}
			r.Sectors = 0
		}
		r.Sectors += v.Sectors
		m.staged += copy(m.staging[m.staged:], v.data)
	}
	newest(m.versions, func(v version) { m.split(v, put, end) })
	end()
	return m.addPatches()
}

// emit makes an operation of a run. What is zeroes goes to the backing as
// what the user asked for: a discard gives its room back there too.
func (m *Migrator) emit(r *run) {
	if r.Sectors == 0 {
		return
	}
	dev, offset := block.Dev(r.Device), int64(r.LBA)*segment.SectorSize
	bytes := int64(r.Sectors) * segment.SectorSize
	m.writesTo(dev)
	if r.Kind.HasPayload() {
		data := m.staging[r.from:m.staged]
		m.src.Writing(r.Extent, data)
		m.status.Writes++
		m.status.Bytes += uint64(bytes)
		m.add(block.Write, dev, offset, data)
		return
	}
	m.src.Writing(r.Extent, nil)
	kind := block.Zero
	if r.Kind == segment.Discard {
		kind = block.Discard
	}
	m.status.Zeroed += uint64(bytes)
	m.add(kind, dev, offset, nil).Length = bytes
}

// writesTo notes that the batch writes to a backing. They come in order.
func (m *Migrator) writesTo(dev block.Dev) {
	if n := len(m.devs); n == 0 || m.devs[n-1] != dev {
		m.devs = append(m.devs, dev)
	}
}
