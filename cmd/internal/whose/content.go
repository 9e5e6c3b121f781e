package whose

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Content holds what is written on a disk against what a log knows of the disk
// of a binding: its witness, and the versions that the log has, on its device.
// The verdict says more than the evidence. Without a witness there is neither,
// and a smaller disk than it was tells nothing.
func Content(disk *blockdev.Device, w *segment.Witness, versions *witness.Versions, log *blockdev.Device) (Evidence, *witness.Verdict, error) {
	if w == nil || disk.Size()/segment.SectorSize < w.Sectors {
		return Silent, nil, nil
	}
	d, err := witness.NewReader(disk, disk.Size()/segment.SectorSize)
	if err != nil {
		return Silent, nil, err
	}
	l, err := witness.NewReader(log, log.Size()/segment.SectorSize)
	if err != nil {
		return Silent, nil, errors.Join(err, d.Close())
	}
	v := witness.Judge(w, d, versions, l)
	return evidence(&v), &v, errors.Join(d.Close(), l.Close())
}

// evidence is what a verdict comes to. A few sectors that differ are not
// another disk, for a mount writes as many; nor are they this one, if all that
// is as it should be would be so on any blank disk.
func evidence(v *witness.Verdict) Evidence {
	switch {
	case v.Other():
		return Other
	case v.Changed() && v.Alike > 0:
		return Changed
	case !v.Changed() && v.Telling:
		return Same
	}
	return Silent
}
