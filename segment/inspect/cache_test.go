package inspect

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/tests/kit/inline"
)

// TestRealCache lets the cache itself write a log, and wants from it what was
// written: the images elsewhere in this package are made by hand.
func TestRealCache(t *testing.T) {
	const sectors = 1 << 12
	ssd := &memory{b: make([]byte, 4<<20)}
	_, err := logcache.Format(ssd, logcache.FormatOptions{DeviceSize: uint64(len(ssd.b)), BlockSize: 512, SegmentSize: 16 << 10, Nonce: 9})
	must(t, err)
	c, _, err := logcache.Resume(ssd, logcache.Config{Wake: func() {}, BufferBytes: 1 << 20})
	must(t, err)
	defer c.Free()
	p := logcache.NewPort(func() {})
	var disks [2][]byte
	var volumes [2]*logcache.Volume
	for i := range volumes {
		id := uint8(i + 1)
		disks[i] = make([]byte, sectors*segment.SectorSize)
		volumes[i] = logcache.NewVolume(id, "v", sectors, 512)
		c.Attach(volumes[i], segment.Binding{ID: id, Sectors: sectors, Name: "v"}, nil, func(err error) { must(t, err) })
	}
	c.Background().Poll()
	carryOut(t, c.Background(), ssd)
	rnd := rand.New(rand.NewPCG(3, 4))
	for seq := range uint64(400) {
		i := rnd.IntN(2)
		q := &logcache.Request{Volume: volumes[i], Op: logcache.Write, LBA: rnd.Uint64N(sectors - 16), Sectors: 1 + rnd.Uint32N(12), FUA: rnd.IntN(3) == 0}
		q.Buf = make([]byte, q.Sectors*segment.SectorSize)
		for s := range uint64(q.Sectors) {
			stamp(q.Buf[s*segment.SectorSize:][:segment.SectorSize], uint8(i+1), q.LBA+s, seq)
		}
		copy(disks[i][q.LBA*segment.SectorSize:], q.Buf)
		p.Submit(q)
		carryOut(t, p, ssd)
	}
	p.Submit(&logcache.Request{Volume: volumes[0], Op: logcache.Flush})
	carryOut(t, p, ssd)
	l := surveyBytes(t, ssd.b)
	if l.Damaged() || l.Run != len(l.Records) || l.Run == 0 {
		t.Errorf("damage %v, %d of %d records", l.Damage, l.Run, len(l.Records))
	}
	for i, want := range disks {
		if _, d := replayed(t, l, uint8(i+1), Refuse); !bytes.Equal(d.b, want) {
			t.Errorf("device %d has the wrong content", i+1)
		}
	}
}

// carryOut does the operations of a port, which are all on the cache device.
func carryOut(t *testing.T, p *logcache.Port, ssd *memory) {
	h := inline.Host{Disks: map[block.Dev]inline.Disk{block.Cache: ssd}, Fails: func(op *block.Op) error {
		if op.Dev != block.Cache {
			t.Errorf("an operation on device %d", op.Dev)
		}
		return nil
	}}
	h.Run(p)
	p.Answers()
}
