package host

import (
	"context"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// DamagedError ends a drain: migration cannot go past a segment. It wraps
// [segment.ErrDamaged].
type DamagedError struct {
	Segment uint64
	text    string
}

func (e *DamagedError) Error() string { return e.text }

// Unwrap lets errors.Is find [segment.ErrDamaged].
func (e *DamagedError) Unwrap() error { return segment.ErrDamaged }

// damaged tells whether migration comes no further, because what it would take
// next is damaged. Once may be bad luck: what came before it goes first then.
func (w *drainWatch) damaged(id uint64) error {
	s := w.cache.Migration()
	if id != w.before {
		w.before, w.failed = id, s.Failed
	}
	if s.Damaged == 0 || s.Failed < w.failed+2 {
		return nil
	}
	return &DamagedError{s.Damaged, s.LastError}
}

// FindDamage reads what is durable in the log and not migrated, of one segment
// only unless that is 0, and returns the records whose data is not what it should
// be. An error that is a [segment.ErrDamaged] is of a header: nothing tells then
// what came with it and after it.
func (c *Cache) FindDamage(ctx context.Context, only uint64, progress func(segments, of uint64)) ([]segment.BadRecord, error) {
	geo := c.core.Geometry()
	spans, err := runOnThread(ctx, c, func() []segment.Span { return c.core.Candidates(nil, 0, int(geo.Slots), false) })
	if err != nil {
		return nil, err
	}
	buf, err := mem.Alloc(int(geo.SegmentSize))
	if err != nil {
		return nil, err
	}
	defer mem.Free(buf)
	var all []segment.BadRecord
	for i, s := range spans {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if only != 0 && s.ID != only {
			continue
		}
		bad, err := c.findBad(buf, s)
		if err != nil {
			return nil, err
		}
		all = append(all, bad...)
		if progress != nil {
			progress(uint64(i+1), uint64(len(spans)))
		}
	}
	return all, nil
}

// findBad looks at one segment, unless that is migrated by the time it was read.
func (c *Cache) findBad(buf []byte, s segment.Span) ([]segment.BadRecord, error) {
	geo := c.core.Geometry()
	image, at := buf[:int(s.End)*segment.SectorSize], geo.SlotOffset(geo.Slot(s.ID))
	unread, err := segment.ReadAround(c.dev, image, at, int(geo.BlockSize))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.dev.Path(), err)
	}
	bad, err := segment.FindBad(image, geo, c.core.Life(), s, unread)
	if id, _ := c.core.LastMigrated(); id >= s.ID {
		return nil, nil // its slot may have been written again
	}
	return bad, err
}

// Skip has migration leave out what is bad in these records, and nothing else.
func (c *Cache) Skip(ctx context.Context, list []segment.BadRecord) error {
	_, err := runOnThread(ctx, c, func() struct{} {
		c.worker.migr.Skip(list)
		return struct{}{}
	})
	return err
}
