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

	// Unjudged sectors could not be read, or have more versions than are kept.
	Unjudged int

	// Telling: not all that was judged holds the same. Else the disk is blank as
	// far as it was looked at, and that it matches does not say which disk it is.
	Telling bool
}

// Changed tells whether the disk is not the one that the log has data of, or not
// as the cache left it, or the log is an old copy.
func (v *Verdict) Changed() bool { return v.Differ != [places]int{} }

// String says what was seen, as the part of a sentence.
func (v *Verdict) String() string {
	var parts []string
	for p, n := range v.Differ {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d sectors %s", n, v.Of[p], words[p]))
		}
	}
	if len(parts) == 0 {
		return "it holds what was last written through the cache"
	}
	return fmt.Sprintf("%s hold what was not written through the cache, the first of them sector %d", strings.Join(parts, " and "), v.First)
}

// Judge holds a disk against a witness and the versions that a log has of its
// sectors; log is the device of that log. The disk must not be smaller than
// it was: sectors that cannot be read are not judged.
func Judge(w *segment.Witness, disk Disk, versions *Versions, log Disk) Verdict {
	v := Verdict{First: ^uint64(0)}
	var one uint32 // what all have held so far
	judged := 0
	each(w, func(p Place, lba uint64, want uint32) {
		b, err := disk.Sector(lba)
		if err != nil || !versions.judges(lba) {
			v.Unjudged++
			return
		}
		sum := segment.Checksum(b)
		if sum != want {
			switch ok, err := versions.hold(lba, sum, log); {
			case err != nil:
				v.Unjudged++
				return
			case !ok:
				v.Differ[p]++
				v.First = min(v.First, lba)
			}
		}
		v.Of[p]++
		v.Telling = v.Telling || judged > 0 && sum != one
		one = sum
		judged++
	})
	return v
}
