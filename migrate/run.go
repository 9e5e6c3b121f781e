package migrate

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
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

// takes tells whether a run goes on with a version.
func (r *run) takes(v *version) bool {
	most := uint64(maxWrite)
	if !r.Kind.HasPayload() {
		most = maxZero
	}
	return r.Sectors > 0 && r.Device == v.Device && r.Kind == v.Kind && r.LBA+uint64(r.Sectors) == v.LBA &&
		(uint64(r.Sectors)+uint64(v.Sectors))*segment.SectorSize <= most
}

// carryOut makes an operation of a run. What is zeroes goes to the backing as
// what the user asked for: a discard gives its room back there too.
func (m *Migrator) carryOut(r *run) {
	if r.Sectors == 0 {
		return
	}
	dev, offset := blockdev.Dev(r.Device), int64(r.LBA)*segment.SectorSize
	bytes := int64(r.Sectors) * segment.SectorSize
	if n := len(m.devs); n == 0 || m.devs[n-1] != dev {
		m.devs = append(m.devs, dev)
	}
	if r.Kind.HasPayload() {
		data := m.staging[r.from:m.staged]
		m.src.Writing(r.Extent, data)
		m.status.Writes++
		m.status.Bytes += uint64(bytes)
		m.add(blockdev.Write, dev, offset, data)
		return
	}
	m.src.Writing(r.Extent, nil)
	kind := blockdev.Zero
	if r.Kind == segment.Discard {
		kind = blockdev.Discard
	}
	m.status.Zeroed += uint64(bytes)
	m.add(kind, dev, offset, nil).Length = bytes
}
