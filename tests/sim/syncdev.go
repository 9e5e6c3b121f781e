package sim

import (
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// syncDevice is the cache device as format and resume use it: one operation
// after the other. It can lose power in the middle like everything else.
type syncDevice struct{ s *devs }

func (a syncDevice) do(k block.Kind, buf []byte, off int64) (int, error) {
	if a.s.dead {
		return 0, errPower
	}
	op := &block.Op{Kind: k, Dev: block.Cache, Offset: off, Buf: buf}
	if k == block.Read && uint64(off)+uint64(len(buf)) > a.s.cache.bytes() {
		fail("P9", "read of %d bytes at byte %d reaches past the end of the cache device", len(buf), off)
	}
	a.s.begin(op, false)
	if a.s.dead {
		return 0, errPower
	}
	_, err := a.s.end(len(a.s.flights) - 1)
	if a.s.dead {
		return 0, errPower
	}
	if err != nil {
		return 0, err
	}
	return len(buf), nil
}

// ReadAt reads what is visible.
func (a syncDevice) ReadAt(b []byte, off int64) (int, error) { return a.do(block.Read, b, off) }

// WriteAt writes to the device's volatile cache.
func (a syncDevice) WriteAt(b []byte, off int64) (int, error) { return a.do(block.Write, b, off) }

// Flush makes what was written durable.
func (a syncDevice) Flush() error {
	_, err := a.do(block.Flush, nil, 0)
	return err
}
