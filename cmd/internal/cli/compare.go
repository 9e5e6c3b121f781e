package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sort"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// holding is what a disk has of the data that a log holds of a device.
type holding struct {
	path    string
	sectors uint64 // that the log has whole
	missing uint64 // of them, that are not on the disk as the log has them
	partly  bool   // the log has lost some as well
}

func (h *holding) String() string {
	switch {
	case h.missing > 0:
		return fmt.Sprintf("%s has not all of it, or was written to since: %d of %d sectors are not as in the log", h.path, h.missing, h.sectors)
	case h.partly:
		return fmt.Sprintf("%s has all of it that is whole in the log", h.path)
	}
	return h.path + " has all of it"
}

// compare holds a disk against all data of a device in a log. What is on the
// disk is durable there when it is read.
func compare(ctx context.Context, log *inspect.Log, id uint8, path string, p *progress) (h *holding, err error) {
	plan, err := log.Plan(id, inspect.Skip)
	if err != nil {
		return nil, err
	}
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	if err := plan.CheckRoom(dev.Size() / segment.SectorSize); err != nil {
		return nil, fmt.Errorf("%s: %w", dev.Path(), err)
	}
	if err := dev.Flush(); err != nil {
		return nil, err
	}
	c, err := newComparer(dev, plan)
	if err != nil {
		return nil, err
	}
	err = plan.Replay(ctx, c, p.percent("compared"))
	p.end()
	if errors.Is(err, context.Canceled) {
		err = control.Errorf(control.Interrupted, "interrupted while %s was compared with the log; nothing was given up", dev.Path())
	}
	h = &holding{path: dev.Path(), sectors: plan.Sectors(), missing: c.missing(), partly: len(plan.Lost) > 0 || !plan.Exact}
	return h, errors.Join(err, c.close())
}

// comparer is a target that nothing is written to: it notes which sectors are
// not as they would be then.
type comparer struct {
	dev    *blockdev.Device
	ranges []inspect.Range // that are replayed, sorted
	starts []uint64        // of each of them among all their sectors
	differ []uint64        // a bit for each of these; what is replayed later is newer, and decides
	buf    []byte
}

func newComparer(dev *blockdev.Device, plan *inspect.Plan) (*comparer, error) {
	buf, err := mem.Alloc(bounceBytes)
	if err != nil {
		return nil, err
	}
	c := &comparer{dev: dev, ranges: plan.Ranges, differ: make([]uint64, plan.Sectors()/64+1), buf: buf}
	at := uint64(0)
	for _, r := range c.ranges {
		c.starts = append(c.starts, at)
		at += r.Sectors
	}
	return c, nil
}

func (c *comparer) close() error { return mem.Free(c.buf) }

// Flush has nothing to do.
func (c *comparer) Flush() error { return nil }

// WriteAt compares.
func (c *comparer) WriteAt(b []byte, off int64) (int, error) {
	return inPieces(b, off, int64(c.dev.LogicalBlock()), c.piece)
}

func (c *comparer) piece(b []byte, at, start, end int64) error {
	has := c.buf[:end-start]
	if _, err := c.dev.ReadAt(has, start); err != nil {
		return err
	}
	has = has[at-start:]
	for i := 0; i < len(b); i += segment.SectorSize {
		n := c.number(uint64(at+int64(i)) / segment.SectorSize)
		c.differ[n/64] &^= 1 << (n % 64)
		if !bytes.Equal(b[i:i+segment.SectorSize], has[i:i+segment.SectorSize]) {
			c.differ[n/64] |= 1 << (n % 64)
		}
	}
	return nil
}

// number is the how-manieth of all sectors that are replayed one is.
func (c *comparer) number(lba uint64) uint64 {
	i := sort.Search(len(c.ranges), func(i int) bool { return c.ranges[i].LBA+c.ranges[i].Sectors > lba })
	return c.starts[i] + lba - c.ranges[i].LBA
}

func (c *comparer) missing() (n uint64) {
	for _, word := range c.differ {
		n += uint64(bits.OnesCount64(word))
	}
	return n
}
