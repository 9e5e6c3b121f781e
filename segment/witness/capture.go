package witness

import "github.com/ublk-lc/ublk-lc/segment"

// Capture takes down what a disk of so many sectors holds now. The places of
// marks and samples are those of old, which may be nil, as far as they are still
// there and the marks still look like a superblock; and the superblocks in the
// disk's partitions are marks. A bad sector at one end of the disk shortens what
// is witnessed there.
func Capture(d Disk, sectors uint64, old *segment.Witness, s Scope) *segment.Witness {
	w := &segment.Witness{Sectors: sectors}
	head, tail := s.ends(sectors)
	for lba := range head {
		b, err := d.Sector(lba)
		if err != nil {
			break
		}
		w.Head = append(w.Head, segment.Checksum(b))
	}
	first := sectors - tail // of the tail, and after a bad sector behind that
	for lba := first; lba < sectors; lba++ {
		b, err := d.Sector(lba)
		if err != nil {
			w.Tail = nil
			continue
		}
		w.Tail = append(w.Tail, segment.Checksum(b))
	}
	if old != nil {
		w.Marks = recapture(d, w, old.Marks, s.Marks, LooksLikeSuper)
		w.Samples = recapture(d, w, old.Samples, s.Samples, func([]byte) bool { return true })
	}
	w.Marks = found(d, w, w.Marks, s.Marks)
	return w
}

// recapture takes down what marks hold now, of those that are worth it.
func recapture(d Disk, w *segment.Witness, old []segment.Mark, most int, worth func([]byte) bool) (marks []segment.Mark) {
	for _, m := range old {
		if m.LBA >= w.Sectors || inEnds(w, m.LBA) || len(marks) == most {
			continue
		}
		if b, err := d.Sector(m.LBA); err == nil && worth(b) {
			marks = append(marks, segment.Mark{LBA: m.LBA, Sum: segment.Checksum(b)})
		}
	}
	return marks
}
