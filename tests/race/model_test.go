package race

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Every sector that is written says who it is: a stamp, which no other write
// has, the volume and the address. Stamps are times too: a later write has a
// higher one. Stamp 0 is a sector of zeroes.

// noise is what the rest of a sector is cut from, by its stamp.
var noise = func() []byte {
	b := make([]byte, 64<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

const header = 16 // of a sector: stamp, volume and address

// paint fills a sector.
func paint(sector []byte, stamp uint64, volume int, lba uint64) {
	if stamp == 0 {
		clear(sector)
		return
	}
	binary.LittleEndian.PutUint64(sector, stamp)
	binary.LittleEndian.PutUint64(sector[8:], uint64(volume)<<56|lba)
	copy(sector[header:], rest(stamp, lba))
}

func rest(stamp, lba uint64) []byte {
	at := (stamp*0x9e3779b97f4a7c15 + lba*7) % uint64(len(noise)-segment.SectorSize)
	return noise[at:][:segment.SectorSize-header]
}

var zeroes [segment.SectorSize]byte

// identify returns the stamp of a sector, all of whose bytes must be right.
func identify(sector []byte, volume int, lba uint64) (uint64, error) {
	stamp, place := binary.LittleEndian.Uint64(sector), binary.LittleEndian.Uint64(sector[8:])
	switch {
	case stamp == 0 && bytes.Equal(sector, zeroes[:]):
		return 0, nil
	case stamp == 0 || place != uint64(volume)<<56|lba:
		return 0, fmt.Errorf("volume %d, sector %d holds what was never written there: stamp %d, volume %d, sector %d", volume, lba, stamp, place>>56, place<<8>>8)
	case !bytes.Equal(sector[header:], rest(stamp, lba)):
		return 0, fmt.Errorf("volume %d, sector %d is a mixture; its stamp is %d", volume, lba, stamp)
	}
	return stamp, nil
}

// volumeModel is what a volume must hold. Its first sectors are everybody's,
// each of the others is one thread's own.
type volumeModel struct {
	sectors uint64
	unit    uint64 // sectors of a logical block
	shared  uint64
	stamps  []uint64        // of sectors that are somebody's own; of shared ones, when nobody writes
	floor   []atomic.Uint64 // shared sectors: no older stamp may be read any more
}

func newVolumeModel(sectors, shared, unit uint64) *volumeModel {
	return &volumeModel{sectors: sectors, unit: unit, shared: shared, stamps: make([]uint64, sectors), floor: make([]atomic.Uint64, shared)}
}

// raise tells that a write is done before which all writes with stamps below
// low were done.
func (m *volumeModel) raise(lba, n, low uint64) {
	for i := range n {
		f := &m.floor[lba+i]
		for old := f.Load(); old < low && !f.CompareAndSwap(old, low); old = f.Load() {
		}
	}
}

// own is the part of a volume that belongs to a thread.
func (m *volumeModel) own(thread int) (from, to uint64) {
	begin := func(i int) uint64 { return m.shared + (m.sectors-m.shared)/m.unit*uint64(i)/threads*m.unit }
	return begin(thread), begin(thread + 1)
}

// clock gives stamps to all threads.
type clock struct {
	last   atomic.Uint64
	oldest [threads]atomic.Uint64 // a lower bound of each thread's shared writes under way
}

func (c *clock) stamp() uint64 { return c.last.Add(1) }

// low is a time before which all shared writes are done that have a stamp below it.
func (c *clock) low() uint64 {
	low := c.last.Load() + 1 // first: whoever takes a stamp below it has told its bound by now
	for i := range c.oldest {
		low = min(low, c.oldest[i].Load())
	}
	return low
}

const idle = math.MaxUint64 // of clock.oldest
