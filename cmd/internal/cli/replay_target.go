package cli

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// openTarget opens the disk that a replay is to write. A dry run may not write
// it at all.
func openTarget(o *ReplayOptions, cache string) (*target, error) {
	if sameFile(o.To, cache) {
		return nil, control.Errorf(control.HasContent, "%s is the cache itself, not the backing of one", o.To)
	}
	dev, err := openDisk(o.To, blockdev.OpenOptions{Exclusive: true, ReadOnly: o.DryRun})
	if err != nil {
		return nil, err
	}
	what, err := dev.Content()
	if err == nil && what == blockdev.OwnCache {
		err = control.Errorf(control.HasContent, "%s is a cache itself, not the backing of one", dev.Path())
	}
	var disk *whose.Disk
	if err == nil {
		disk, err = whose.Describe(dev, 0, "")
	}
	if err != nil {
		return nil, errors.Join(err, dev.Close())
	}
	return &target{dev, disk, isBlank(dev)}, nil
}

// bounceBytes is how much is written at once.
const bounceBytes = 1 << 20

// blockWriter writes any sectors to a disk that takes only whole blocks: it
// reads what is around them first.
type blockWriter struct {
	dev *blockdev.Device
	buf []byte
}

func newBlockWriter(dev *blockdev.Device) (*blockWriter, error) {
	buf, err := mem.Alloc(bounceBytes)
	if err != nil {
		return nil, err
	}
	return &blockWriter{dev, buf}, nil
}

func (w *blockWriter) close() error { return mem.Free(w.buf) }

// Flush makes all completed writes durable.
func (w *blockWriter) Flush() error { return w.dev.Flush() }

// WriteAt writes whole blocks, in pieces.
func (w *blockWriter) WriteAt(b []byte, off int64) (int, error) {
	return inPieces(b, off, int64(w.dev.LogicalBlock()), w.piece)
}

// inPieces cuts b, which starts at byte off of a disk, where whole blocks of
// the disk end, into pieces that fit a buffer: each is in the blocks [start,
// end).
func inPieces(b []byte, off, block int64, each func(b []byte, at, start, end int64) error) (int, error) {
	done := 0
	for done < len(b) {
		at := off + int64(done)
		start := at / block * block
		end := min((off+int64(len(b))+block-1)/block*block, start+bounceBytes)
		n := min(len(b)-done, int(end-at))
		if err := each(b[done:done+n], at, start, end); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// piece writes b, which starts at byte at, as the blocks [start, end).
func (w *blockWriter) piece(b []byte, at, start, end int64) error {
	buf := w.buf[:end-start]
	if at != start || int64(len(b)) != end-at {
		if _, err := w.dev.ReadAt(buf, start); err != nil {
			return fmt.Errorf("read around a write: %w", err)
		}
	}
	copy(buf[at-start:], b)
	_, err := w.dev.WriteAt(buf, start)
	return err
}
