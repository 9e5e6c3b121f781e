package host

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// AttachOptions is what may be chosen at attach.
type AttachOptions struct {
	// AcceptChanged has a disk accepted that the log has data of, whatever it
	// holds and whatever the host says of it, unless it is too small. The log's
	// data will be written over what is there.
	AcceptChanged bool
	// Overruled is told what AcceptChanged has overruled, in the freeze: it
	// must not wait. nil if nobody wants to know.
	Overruled func(*ChangedError)
}

// ChangedError is returned by Attach when a disk that the log has data of is not
// as the cache left it: it was written to meanwhile, or set back, or it is
// another disk, or the log is an old copy. It wraps [logcache.ErrMismatch].
type ChangedError struct {
	Device  uint8
	Path    string // of the disk
	Dirty   uint64 // blocks in the log
	Verdict witness.Verdict
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s is not as the cache left it, which has %d dirty blocks of device %d in its log: %v", e.Path, e.Dirty, e.Device, &e.Verdict)
}

// Unwrap lets errors.Is find [logcache.ErrMismatch].
func (e *ChangedError) Unwrap() error { return logcache.ErrMismatch }

// examine looks at the disk of a device that is frozen, idle and flushed.
func (d *Device) examine(c *Cache, b *segment.Binding, opt AttachOptions) (*logcache.Evidence, error) {
	disk, err := witness.NewReader(d.Backing(), b.Sectors)
	if err != nil {
		return nil, err
	}
	log, err := witness.NewReader(c.dev, c.dev.Size()/segment.SectorSize)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	e, err := c.core.Examine(d.vol, b, disk, log)
	if err := errors.Join(err, disk.Close(), log.Close()); err != nil {
		return nil, err
	}
	var changed *ChangedError
	if v := e.Changed(); v != nil {
		changed = &ChangedError{Device: b.ID, Path: d.Backing().Path(), Dirty: c.core.DirtyBlocks(b.ID), Verdict: *v}
	}
	switch {
	case opt.AcceptChanged:
		e.Overrule()
		if changed != nil && opt.Overruled != nil {
			opt.Overruled(changed)
		}
	case changed != nil:
		return nil, changed
	}
	return e, nil
}
