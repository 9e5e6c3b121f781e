package witness

import (
	"encoding/binary"
	"testing"

	"github.com/ublk-lc/ublk-lc/segment"
)

// partitioned is a disk with an XFS in a partition from sector 2048 on, and an
// ext4, whose superblock is the third sector, in one from 4096 on.
func partitioned(table func(m *memory, starts ...uint64)) *memory {
	m := newMemory(8192)
	table(m, 2048, 4096)
	copy(m.b[2048*512:], "XFSB")
	ext := m.b[4098*512:]
	ext[4], ext[56], ext[57], ext[76] = 1, 0x53, 0xef, 1
	return m
}

func gptOf(unit uint64) func(m *memory, starts ...uint64) {
	return func(m *memory, starts ...uint64) {
		le := binary.LittleEndian
		head := m.b[unit*512:]
		copy(head, "EFI PART")
		le.PutUint64(head[72:], 2)
		le.PutUint32(head[80:], 128)
		le.PutUint32(head[84:], 128)
		for i, start := range starts {
			entry := m.b[2*unit*512+uint64(i)*128*2:] // every other one is not in use
			entry[0] = 1
			le.PutUint64(entry[32:], start/unit)
		}
	}
}

func mbr(m *memory, starts ...uint64) {
	m.b[510], m.b[511] = 0x55, 0xaa
	for i, start := range starts {
		entry := m.b[446+16*i:]
		entry[4] = 0x83
		binary.LittleEndian.PutUint32(entry[8:], uint32(start))
	}
}

// TestP8PartitionsOfANewDisk: a partition that is mounted behind the log is
// noticed even if nothing of it was ever written through the cache.
func TestP8PartitionsOfANewDisk(t *testing.T) {
	for name, table := range map[string]func(m *memory, starts ...uint64){"MBR": mbr, "GPT": gptOf(1), "GPT of a disk of 4096": gptOf(8)} {
		m := partitioned(table)
		w := Capture(m, 8192, nil, Default)
		if len(w.Marks) != 2 || w.Marks[0].LBA != 2048 || w.Marks[1].LBA != 4098 {
			t.Errorf("%s: marks %+v", name, w.Marks)
			continue
		}
		m.b[4098*512+52]++ // the mount count
		if v := Judge(w, m, nil, nil); v.Differ[Marks] != 1 || v.First != 4098 {
			t.Errorf("%s: %+v", name, v)
		}
		if w = Capture(m, 8192, w, Default); len(w.Marks) != 2 {
			t.Errorf("%s: marks %+v, captured again", name, w.Marks)
		}
	}
}

// TestPartitionsOfNoTable: a table that cannot be one has no partitions, and
// none is looked for where it points.
func TestPartitionsOfNoTable(t *testing.T) {
	le := binary.LittleEndian
	for name, change := range map[string]func(head []byte){
		"entries of 64 bytes":     func(head []byte) { le.PutUint32(head[84:], 64) },
		"entries of 192 bytes":    func(head []byte) { le.PutUint32(head[84:], 192) },
		"entries of 1024 bytes":   func(head []byte) { le.PutUint32(head[84:], 1024) },
		"entries nowhere":         func(head []byte) { le.PutUint64(head[72:], 1<<60) },
		"entries beyond the disk": func(head []byte) { le.PutUint64(head[72:], 1<<30) },
	} {
		m := partitioned(gptOf(1))
		change(m.b[segment.SectorSize:])
		if got := partitions(m); len(got) > 0 {
			t.Errorf("%s: partitions at %d", name, got)
		}
	}
}

// FuzzPartitions: whatever a disk holds, looking for its partitions ends.
func FuzzPartitions(f *testing.F) {
	f.Add(partitioned(mbr).b[:4096])
	f.Add(partitioned(gptOf(1)).b[:4096])
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMemory(16)
		copy(m.b, b)
		w := Capture(m, uint64(len(m.b)/segment.SectorSize), nil, Scope{Marks: 3})
		if v := Judge(w, m, nil, nil); v.Changed() || len(w.Marks) > 3 {
			t.Errorf("%+v %+v", v, w)
		}
	})
}
