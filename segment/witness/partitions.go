package witness

import (
	"encoding/binary"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// A disk that is bound for the first time may have partitions already, with file
// systems that nobody has written to through the cache yet. Their superblocks lie
// where their kind wants them, in sectors from the start of the partition.
var superPlaces = []uint64{
	0,   // XFS, LUKS, FAT, md 1.1
	1,   // LVM
	2,   // ext2, 3, 4; f2fs
	8,   // md 1.2, bcache, bcachefs
	128, // btrfs
}

// maxPartitions is how many are looked at.
const maxPartitions = 32

// found appends the marks of what a disk has in its partitions, up to most.
func found(d Disk, w *segment.Witness, marks []segment.Mark, most int) []segment.Mark {
	for _, start := range partitions(d) {
		for _, place := range superPlaces {
			lba := start + place
			if len(marks) >= most || lba >= w.Sectors || inEnds(w, lba) || slices.ContainsFunc(marks, func(m segment.Mark) bool { return m.LBA == lba }) {
				continue
			}
			if b, err := d.Sector(lba); err == nil && LooksLikeSuper(b) {
				marks = append(marks, segment.Mark{LBA: lba, Sum: segment.Checksum(b)})
			}
		}
	}
	return marks
}

// partitions are the sectors that the partitions of a disk start at: of a GPT, of
// a disk with sectors of 512 or 4096 bytes, or else of the four of an MBR.
func partitions(d Disk) (starts []uint64) {
	for _, unit := range []uint64{1, 8} {
		if starts = gptStarts(d, unit); len(starts) > 0 {
			return starts
		}
	}
	return mbrStarts(d)
}

func mbrStarts(d Disk) (starts []uint64) {
	const table, entry, signature = 446, 16, 0xaa55
	b, err := d.Sector(0)
	if err != nil || binary.LittleEndian.Uint16(b[510:]) != signature {
		return nil
	}
	for at := table; at < table+4*entry; at += entry {
		if start := binary.LittleEndian.Uint32(b[at+8:]); b[at+4] != 0 && start > 0 {
			starts = append(starts, uint64(start))
		}
	}
	return starts
}

// gptStarts reads a GPT of which an LBA is so many sectors.
func gptStarts(d Disk, unit uint64) (starts []uint64) {
	le := binary.LittleEndian
	head, err := d.Sector(unit)
	if err != nil || le.Uint64(head) != gpt {
		return nil
	}
	first, n, size := le.Uint64(head[72:]), le.Uint32(head[80:]), uint64(le.Uint32(head[84:]))
	if first > 1<<40 || size < 128 || size > segment.SectorSize || segment.SectorSize%size != 0 {
		return nil
	}
	each := segment.SectorSize / size
	for i := uint64(0); i < uint64(min(n, 128)) && len(starts) < maxPartitions; i++ {
		b, err := d.Sector(first*unit + i/each)
		if err != nil {
			break
		}
		b = b[i%each*size:]
		if start := le.Uint64(b[32:]); le.Uint64(b) != 0 && start < 1<<40 {
			starts = append(starts, start*unit)
		}
	}
	return starts
}
