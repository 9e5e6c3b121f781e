package server

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// describe is a backing as a log would bind it.
func describe(dev *blockdev.Device, id uint8, name string) segment.Binding {
	return segment.Binding{ID: id, Name: name, Sectors: dev.Size() / segment.SectorSize, Fingerprint: dev.Fingerprint()}
}

// matchBinding finds the binding of a backing among those of a log. A disk that the host tells apart is known by its
// fingerprint; another only by its size, and the id or the name it is given.
func matchBinding(bindings []segment.Binding, want segment.Binding) *segment.Binding {
	for i := range bindings {
		b := &bindings[i]
		if want.Fingerprint != 0 && b.Fingerprint != 0 {
			if b.Fingerprint == want.Fingerprint {
				return b
			}
			continue
		}
		if b.Sectors == want.Sectors && (b.ID == want.ID || b.Name == want.Name) {
			return b
		}
	}
	return nil
}

// heldExtents counts the extents that a log holds and that count, by device id. It only reads.
func heldExtents(dev *blockdev.Device, super *segment.Super) (map[uint8]int, error) {
	held, given := map[uint8]int{}, super.GivenUp()
	reader := blockdev.NewBatchReader(dev)
	defer reader.Close()
	_, err := segment.Recover(reader, super, func(r *segment.Record) {
		for i := range int(r.Extents) {
			if dev := r.Extent(i).Device; !given.Covers(dev, r.Seq) {
				held[dev]++
			}
		}
	})
	return held, err
}
