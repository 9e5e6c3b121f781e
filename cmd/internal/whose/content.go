package whose

import (
	"errors"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// Content holds what is written on a disk against what a log knows of the disk of a binding: its witness, and the versions
// that the log has, on its device. The verdict says more than the evidence. Without a witness there is neither, and a
// smaller disk than it was tells nothing.
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
	e := Silent
	switch {
	case v.Changed():
		e = Other
	case v.Telling:
		e = Same
	}
	return e, &v, errors.Join(d.Close(), l.Close())
}
