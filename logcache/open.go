package logcache

import (
	"errors"
	"fmt"
	"io"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// Device is a cache device on which nothing runs, as at format and resume.
// Offsets, lengths and memory are aligned as O_DIRECT wants them.
type Device interface {
	io.ReaderAt
	io.WriterAt
	Flush() error // makes all completed writes durable
}

// FormatOptions is what may be chosen at format.
type FormatOptions struct {
	DeviceSize  uint64 // bytes
	BlockSize   uint32 // the device's logical block, in bytes
	SegmentSize uint32 // bytes; 0 = [segment.DefaultSegmentSize]
	// RecordAlign is where records start and end, in bytes: the block size, or
	// 4096 for a device that may lose a physical block of 4096 bytes when a write
	// to a part of it is cut short. 0 = the block size.
	RecordAlign uint32
	Label       string
	UUID        [16]byte
	Nonce       uint64 // random
}

// Format makes a cache device, on which nothing is left that another program
// would know as its own. Whatever log was there can never be replayed again,
// because the nonce is new. Interrupted, it leaves the old cache, none, or the
// new one.
func Format(dev Device, o FormatOptions) (*segment.Super, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = segment.DefaultSegmentSize
	}
	geo, err := segment.NewAligned(o.DeviceSize, o.BlockSize, o.SegmentSize, o.RecordAlign)
	if err != nil {
		return nil, err
	}
	s := &segment.Super{UUID: o.UUID, Label: o.Label, DeviceSize: o.DeviceSize, Geometry: geo, Nonce: o.Nonce, Clean: true}
	if err := Wipe(dev, o.DeviceSize); err != nil {
		return nil, err
	}
	if err := writeSuperSync(dev, s); err != nil {
		return nil, err
	}
	return s, nil
}

// ReadSuper reads the superblock in force. A copy that cannot be read is as bad
// as one that says something wrong: the other one will do.
func ReadSuper(dev io.ReaderAt) (*segment.Super, error) {
	buf, err := mem.Alloc(2 * segment.MaxSuperSize)
	if err != nil {
		return nil, err
	}
	defer mem.Free(buf)
	a, b := buf[:segment.MaxSuperSize], buf[segment.MaxSuperSize:]
	var unread error
	for i, buf := range [][]byte{a, b} {
		if err := readCopy(dev, buf, int64(i)*segment.SuperSpace); err != nil {
			unread = fmt.Errorf("read superblock: %w", err)
			clear(buf)
		}
	}
	s, err := segment.NewestSuper(a, b)
	switch {
	case unread == nil:
		return s, err
	case err != nil:
		return nil, unread // what was not read may be the superblock of a cache
	}
	s.Other = unread
	return s, nil
}

// readWritable reads the superblock in force of a log that is to be written.
func readWritable(dev io.ReaderAt) (*segment.Super, error) {
	s, err := ReadSuper(dev)
	if err != nil {
		return nil, err
	}
	return s, s.Writable()
}

// readCopy reads one copy of the superblock, as much of it as there is.
func readCopy(dev io.ReaderAt, buf []byte, off int64) error {
	const first = 4096
	_, err := dev.ReadAt(buf[:first], off)
	if n := segment.SuperLength(buf[:first]); n > first && err == nil {
		_, err = dev.ReadAt(buf[first:n], off+first)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// writeSuperSync updates the superblock: both copies, like [Cache.updateSuper],
// so that no older one survives.
func writeSuperSync(dev Device, s *segment.Super) error {
	buf, err := mem.Alloc(segment.MaxSuperSize)
	if err != nil {
		return err
	}
	defer mem.Free(buf)
	for range 2 {
		s.Generation++
		if _, err := dev.WriteAt(segment.AppendSuper(buf[:0], s), segment.SuperOffset(s.Generation)); err != nil {
			return fmt.Errorf("write superblock: %w", err)
		}
		if err := dev.Flush(); err != nil {
			return fmt.Errorf("flush superblock: %w", err)
		}
	}
	return nil
}

// Resume recovers the log of a formatted device and makes a running cache of
// it. The device is flushed and its epoch raised before Resume returns, so that
// what recovery accepted is durable and what it dropped stays dropped.
func Resume(dev Device, cfg Config) (*Cache, *segment.Recovery, error) {
	s, err := readWritable(dev)
	if err != nil {
		return nil, nil, err
	}
	l, err := newLoading(s, &cfg)
	if err != nil {
		return nil, nil, err
	}
	c, rec, err := resume(dev, s, l, cfg)
	if err != nil {
		return nil, rec, errors.Join(err, l.drop())
	}
	return c, rec, nil
}

func resume(dev Device, s *segment.Super, l *loading, cfg Config) (*Cache, *segment.Recovery, error) {
	rec, err := segment.RecoverWatched(dev, s, cfg.Progress, l.add)
	if err != nil {
		return nil, rec, err
	}
	if l.err != nil {
		return nil, rec, l.err
	}
	cutOff(dev, s, rec)
	if err := dev.Flush(); err != nil {
		return nil, rec, fmt.Errorf("flush the cache device: %w", err)
	}
	s.Epoch++
	s.EpochSeq = rec.LastSeq
	s.Clean = false
	s.DurableSeq = rec.LastSeq
	for i := range s.Bindings { // what was dropped counts for nothing: its sequences are given out again
		s.Bindings[i].GivenUp = min(s.Bindings[i].GivenUp, rec.LastSeq)
	}
	if err := writeSuperSync(dev, s); err != nil {
		return nil, rec, err
	}
	c, err := newCache(s, rec, cfg)
	if err != nil {
		return nil, rec, err
	}
	c.idx, c.zeroBlocks = l.idx, l.zeroBlocks
	for i := range s.Bindings {
		c.versions[s.Bindings[i].ID] = l.seen.Versions(s.Bindings[i].ID)
	}
	c.dirty, err = l.finish()
	return c, rec, err
}

// cutOff writes over what looks like the next record of the run and is none. The
// epoch tells that too, until the one after this; then it would look like a part
// of the run again, should ever the record go bad that takes its place. If the
// write fails, the epoch has to do.
func cutOff(dev Device, s *segment.Super, rec *segment.Recovery) {
	n := len(rec.Segments)
	if !rec.Remnant || n == 0 {
		return
	}
	buf, err := mem.Alloc(4096) // no block is larger
	if err != nil {
		return
	}
	defer mem.Free(buf)
	g := s.Geometry
	at := g.SlotOffset(g.Slot(rec.Segments[n-1].ID)) + int64(rec.PrevEnd)*segment.SectorSize
	_, _ = dev.WriteAt(buf[:g.RecordSectors()*segment.SectorSize], at)
}
