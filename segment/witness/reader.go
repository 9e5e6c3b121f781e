package witness

import (
	"errors"
	"fmt"
	"io"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// Disk gives the content of sectors. The bytes are valid until the next call.
type Disk interface {
	Sector(lba uint64) ([]byte, error)
}

const (
	// window is how much a [Reader] reads at once, in bytes.
	window = 64 << 10
	// block is what it reads when a window cannot be read: no disk has larger ones.
	block = 4096
)

// Reader is a [Disk] that reads ahead, from a device that may want direct I/O:
// places, lengths and memory are aligned to 4096 bytes, but for the last read of
// a disk whose size is not.
type Reader struct {
	r    io.ReaderAt
	size int64 // bytes
	mem  []byte
	at   int64
	have []byte // of mem, what was read at at
}

// NewReader makes a reader of a disk of so many sectors. It must be closed.
func NewReader(r io.ReaderAt, sectors uint64) (*Reader, error) {
	buf, err := mem.Alloc(window)
	if err != nil {
		return nil, err
	}
	return &Reader{r: r, size: int64(sectors) * segment.SectorSize, mem: buf}, nil
}

// Close gives the memory back.
func (d *Reader) Close() error {
	err := mem.Free(d.mem)
	d.mem, d.have = nil, nil
	return err
}

// Sector reads a sector, if it is not at hand. Where a disk cannot be read at
// once, what can be is read piece by piece.
func (d *Reader) Sector(lba uint64) ([]byte, error) {
	off := int64(lba) * segment.SectorSize
	if off+segment.SectorSize > d.size {
		return nil, fmt.Errorf("sector %d of %d: %w", lba, d.size/segment.SectorSize, io.ErrUnexpectedEOF)
	}
	if off < d.at || off+segment.SectorSize > d.at+int64(len(d.have)) {
		if d.fill(off&^(window-1), window) != nil {
			if err := d.fill(off&^(block-1), block); err != nil {
				return nil, err
			}
		}
	}
	return d.have[off-d.at:][:segment.SectorSize], nil
}

func (d *Reader) fill(off, n int64) error {
	n = min(n, d.size-off)
	d.at, d.have = off, nil
	if got, err := d.r.ReadAt(d.mem[:n], off); int64(got) < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read %d bytes at byte %d: %w", n, off, err)
	}
	d.have = d.mem[:n]
	return nil
}
