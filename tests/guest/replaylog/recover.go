package main

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/witness"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

const (
	buffers   = 1 << 20
	readBytes = 256 << 10 // of one request
)

// host runs a cache in this goroutine, on devices that complete at once.
type host struct {
	cache, backing part
	port           *logcache.Port
	core           *logcache.Cache
	woken          bool
	ops            []*block.Op
	buf            []byte
}

func newHost(cache, backing part) (*host, error) {
	h := &host{cache: cache, backing: backing}
	h.port = logcache.NewPort(h.wake)
	var err error
	h.buf, err = mem.Alloc(readBytes)
	return h, err
}

func (h *host) wake() { h.woken = true }

// boot resumes the cache and attaches the device that it binds. The volume is
// nil when none is bound: then the backing holds all there is.
func (h *host) boot() (*logcache.Volume, error) {
	core, _, err := logcache.Resume(h.cache, logcache.Config{BufferBytes: buffers, Wake: h.wake})
	if err != nil {
		return nil, err
	}
	h.core = core
	for _, b := range core.Bound() {
		if b.State != segment.Attached {
			continue
		}
		v := logcache.NewVolume(b.ID, b.Name, b.Sectors, segment.SectorSize)
		return v, h.attach(v, b)
	}
	return nil, nil
}

func (h *host) attach(v *logcache.Volume, b segment.Binding) error {
	answer := errors.New("no answer")
	v.Freeze()
	seen, err := h.examine(v, &b)
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	h.core.Attach(v, b, seen, func(err error) { answer = err })
	h.settle()
	v.Unfreeze()
	h.settle()
	if answer != nil {
		return fmt.Errorf("attach: %w", answer)
	}
	return nil
}

// examine looks at the backing, which must be as the cache left it at any time.
func (h *host) examine(v *logcache.Volume, b *segment.Binding) (*logcache.Evidence, error) {
	disk, err := witness.NewReader(h.backing, b.Sectors)
	if err != nil {
		return nil, err
	}
	log, err := witness.NewReader(h.cache, uint64(h.cache.size)/segment.SectorSize)
	if err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	e, err := h.core.Examine(v, b, disk, log)
	return e, errors.Join(err, disk.Close(), log.Close())
}

// settle carries out all that is under way.
func (h *host) settle() {
	for {
		h.woken = false
		h.port.Poll()
		h.core.Background().Poll()
		h.ops = append(h.ops[:0], h.port.Ops()...)
		h.ops = append(h.ops, h.core.Background().Ops()...)
		if len(h.ops) == 0 && !h.woken {
			return
		}
		for _, op := range h.ops {
			op.Sink.Done(op, h.do(op))
		}
	}
}

func (h *host) do(op *block.Op) error {
	dev := h.backing
	if op.Dev == block.Cache {
		dev = h.cache
	}
	var err error
	switch op.Kind {
	case block.Read:
		_, err = dev.ReadAt(op.Buf, op.Offset)
	case block.Write:
		_, err = dev.WriteAt(op.Buf, op.Offset)
	}
	return err
}

// read shows the first bytes of the device, piece by piece.
func (h *host) read(v *logcache.Volume, size int64, show func(off int64, b []byte) error) error {
	for off := int64(0); off < size; off += readBytes {
		b := h.buf[:min(readBytes, size-off)]
		if err := h.readPiece(v, b, off); err != nil {
			return fmt.Errorf("read at byte %d: %w", off, err)
		}
		if err := show(off, b); err != nil {
			return err
		}
	}
	return nil
}

func (h *host) readPiece(v *logcache.Volume, b []byte, off int64) error {
	if v == nil {
		_, err := h.backing.ReadAt(b, off)
		return err
	}
	r := &logcache.Request{Op: logcache.Read, LBA: uint64(off / sectorSize), Sectors: uint32(len(b) / sectorSize), Buf: b, Volume: v}
	h.port.Submit(r)
	answered := false
	// A hit in RAM is answered without any operation.
	take := func() {
		for _, a := range h.port.Answers() {
			answered = answered || a == r
		}
	}
	take()
	h.settle()
	take()
	if !answered {
		return errors.New("no answer")
	}
	return r.Err
}

// free ends the host that boot has started.
func (h *host) free() error {
	if h.core == nil {
		return nil
	}
	err := h.core.Free()
	h.core = nil
	return err
}
