package witness

import (
	"fmt"
	"strings"

	"github.com/ublk-lc/ublk-lc/segment"
)

// Verdict is what came out when a disk was held against a witness and a log.
type Verdict struct {
	Differ [places]int // sectors that hold something that was never written through the cache, by [Place]
	Of     [places]int // that were judged
	First  uint64      // the first sector that differs

	// Alike sectors are as they should be, and hold what is not on any disk: not
	// one byte over and over.
	Alike int

	// Unjudged sectors could not be read, or have more versions than are kept, or
	// one that cannot be read or is damaged: Damaged of them.
	Unjudged, Damaged int

	// Telling: not all that was judged holds the same. Else the disk is blank as
	// far as it was looked at, and that it matches does not say which disk it is.
	Telling bool
}

// Changed tells whether the disk is not the one that the log has data of, or not
// as the cache left it, or the log is an old copy.
func (v *Verdict) Changed() bool { return v.Differ != [places]int{} }

// Other tells whether hardly anything that would tell a disk from others is as it
// should be: then this is another disk, and not one that was written to.
func (v *Verdict) Other() bool { return v.Differing() >= 8*(v.Alike+1) }

// Differing sectors are those of all places that differ.
func (v *Verdict) Differing() (sectors int) {
	for _, n := range v.Differ {
		sectors += n
	}
	return sectors
}

// Mostly tells whether at least half of what would tell a disk from others is as it
// should be: two disks with partition tables of one kind have less in common.
func (v *Verdict) Mostly() bool { return v.Alike > 0 && v.Alike >= v.Differing() }

// String says what was seen, as the part of a sentence.
func (v *Verdict) String() string {
	var parts []string
	for p, n := range v.Differ {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d sectors %s", n, v.Of[p], words[p]))
		}
	}
	said := "it holds what was last written through the cache"
	if len(parts) > 0 {
		said = fmt.Sprintf("%s hold what was not written through the cache, the first of them sector %d", strings.Join(parts, " and "), v.First)
	}
	if v.Damaged > 0 {
		said += fmt.Sprintf(" (nothing is known of %d more: the log is damaged where it has them, which `lc check` shows)", v.Damaged)
	}
	return said
}

// Judge holds a disk against a witness and the versions that a log has of its
// sectors; log is the device of that log. The disk must not be smaller than
// it was: sectors that cannot be read are not judged.
func Judge(w *segment.Witness, disk Disk, versions *Versions, log Disk) Verdict {
	v := Verdict{First: ^uint64(0)}
	var known, asked []finding
	each(w, func(p Place, lba uint64, want uint32) {
		b, err := disk.Sector(lba)
		if err != nil || !versions.judges(lba) {
			v.Unjudged++
			return
		}
		f := finding{place: p, lba: lba, sum: segment.Checksum(b), blank: blank(b)}
		if f.known = f.sum == want; f.known {
			known = append(known, f)
		} else {
			asked = append(asked, f)
		}
	})
	versions.find(asked, log)
	v.take(append(known, asked...))
	return v
}

// finding is what a witnessed sector of a disk holds.
type finding struct {
	place Place
	lba   uint64
	sum   uint32
	blank bool
	known bool  // it is what the witness says, or a version that the log has
	doubt doubt // else: why it may be one
}

// take counts what was found.
func (v *Verdict) take(all []finding) {
	var one uint32 // what the first one holds
	judged := 0
	for i := range all {
		f := &all[i]
		if !f.known && f.doubt != certain {
			v.Unjudged++
			if f.doubt == damaged {
				v.Damaged++
			}
			continue
		}
		if judged == 0 {
			one = f.sum
		}
		v.Telling = v.Telling || f.sum != one
		judged++
		v.Of[f.place]++
		switch {
		case !f.known:
			v.Differ[f.place]++
			v.First = min(v.First, f.lba)
		case !f.blank:
			v.Alike++
		}
	}
}
