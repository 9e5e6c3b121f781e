package migrate

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

func stamp(order int, sectors uint32) []byte {
	b := make([]byte, sectors*segment.SectorSize)
	for i := range sectors {
		binary.LittleEndian.PutUint64(b[i*segment.SectorSize:], uint64(order)<<32|uint64(i))
	}
	return b
}

// TestP4NewestWins compares the sweep with a disk that is written in order.
func TestP4NewestWins(t *testing.T) {
	const span = 64
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var vs []version
		var disk [3][span * segment.SectorSize]byte
		var written [3][span]bool
		for order := range 1 + rnd.IntN(20) {
			dev := 1 + rnd.IntN(2)
			lba := rnd.Uint64N(span)
			n := 1 + uint32(rnd.Uint64N(min(span-lba, 24)))
			data := stamp(order, n)
			kind := segment.Data
			if rnd.IntN(3) == 0 {
				kind, data = segment.Discard, nil
				clear(disk[dev][lba*segment.SectorSize:][:n*segment.SectorSize])
			}
			vs = append(vs, version{segment.Extent{Device: uint8(dev), Kind: kind, LBA: lba, Sectors: n}, order, data})
			copy(disk[dev][lba*segment.SectorSize:], data)
			for i := range uint64(n) {
				written[dev][lba+i] = true
			}
		}
		rnd.Shuffle(len(vs), func(i, j int) { vs[i], vs[j] = vs[j], vs[i] })
		var lastDev uint8
		var lastEnd uint64
		newest(vs, func(v version) {
			dev, lba, data := v.Device, v.LBA, v.data
			if v.Kind == segment.Discard {
				data = make([]byte, v.Sectors*segment.SectorSize)
			}
			if dev < lastDev || dev == lastDev && lba < lastEnd {
				t.Fatalf("seed %d: run at %d of device %d is out of order", seed, lba, dev)
			}
			lastDev, lastEnd = dev, lba+uint64(len(data)/segment.SectorSize)
			if !bytes.Equal(data, disk[dev][lba*segment.SectorSize:lastEnd*segment.SectorSize]) {
				t.Fatalf("seed %d: old data at %d of device %d", seed, lba, dev)
			}
			for i := lba; i < lastEnd; i++ {
				if !written[dev][i] {
					t.Fatalf("seed %d: sector %d of device %d emitted twice, or never written", seed, i, dev)
				}
				written[dev][i] = false
			}
		})
		for dev := range written {
			for i, left := range written[dev] {
				if left {
					t.Fatalf("seed %d: sector %d of device %d was left out", seed, i, dev)
				}
			}
		}
	}
}
