// Package inline is a host in the goroutine of a test: it carries out the
// operations that ports and migrators give, one after the other, on disks in
// memory or on none.
package inline

import (
	"bytes"
	"io"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// Source gives operations that are to be started, as a port does. The slice is
// valid until the source is used again.
type Source interface {
	Ops() []*block.Op
}

// Disk is what a device's operations read and write.
type Disk interface {
	io.ReaderAt
	io.WriterAt
}

// Host carries operations out.
type Host struct {
	// Disks has the disk of each device. Operations of one without succeed and
	// do nothing.
	Disks map[block.Dev]Disk
	// Fails says of an operation that is carried out what it fails with, if it
	// does; then nothing is read or written. Nil: none fails.
	Fails func(op *block.Op) error
}

// Take is what a source gives now, to be completed later.
func Take(s Source) []*block.Op { return slices.Clone(s.Ops()) }

// Run carries out what sources give, and what comes of it, until they give no more.
func (h *Host) Run(sources ...Source) {
	for busy := true; busy; {
		busy = false
		for _, s := range sources {
			for _, op := range Take(s) {
				busy = true
				h.Do(op)
			}
		}
	}
}

// Settle is Run, and has the ports among the sources read their inbox, as often
// as one may have left another something.
func (h *Host) Settle(sources ...Source) {
	for range len(sources) + 1 {
		for _, s := range sources {
			if p, ok := s.(interface{ Poll() }); ok {
				p.Poll()
			}
			h.Run(s)
		}
	}
}

// Do carries out one operation, and tells its sink.
func (h *Host) Do(op *block.Op) { op.Sink.Done(op, h.carryOut(op)) }

func (h *Host) carryOut(op *block.Op) (err error) {
	if h.Fails != nil {
		if err := h.Fails(op); err != nil {
			return err
		}
	}
	disk := h.Disks[op.Dev]
	if disk == nil {
		return nil
	}
	switch op.Kind {
	case block.Read:
		_, err = disk.ReadAt(op.Buf, op.Offset)
	case block.Write:
		_, err = disk.WriteAt(op.Buf, op.Offset)
	case block.Discard, block.Zero:
		_, err = disk.WriteAt(make([]byte, op.Length), op.Offset)
	}
	return err
}

// Memory is a disk in memory, and a cache device. It does not grow.
type Memory []byte

// ReadAt reads, up to the end.
func (m Memory) ReadAt(b []byte, off int64) (int, error) { return bytes.NewReader(m).ReadAt(b, off) }

// WriteAt writes, up to the end.
func (m Memory) WriteAt(b []byte, off int64) (int, error) {
	if off >= int64(len(m)) {
		return 0, io.ErrShortWrite
	}
	n := copy(m[off:], b)
	if n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// Flush does nothing: what is in memory is as durable as it gets.
func (Memory) Flush() error { return nil }
