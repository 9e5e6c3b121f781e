package inspect

import (
	"context"
	"fmt"
	"io"
	"sort"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

const (
	// batchSectors is how much of the log is sorted and merged at once: 32 MiB.
	batchSectors = 32 << 20 / segment.SectorSize
	// largestWrite is the largest merged write, in bytes.
	largestWrite = 1 << 20
)

// Target is what a replay writes to. Memory given to it is aligned to sectors;
// offsets and lengths are whole sectors.
type Target interface {
	io.WriterAt
	Flush() error // makes all completed writes durable
}

// Replay carries out a plan, oldest records first. Nothing is written before
// its checksum was verified once more. At the end of each batch the target is
// flushed and holds a past state of the device, as after a migration: stopped
// there, it can be started again. The log does not change.
func (p *Plan) Replay(ctx context.Context, t Target, progress func(done, total uint64)) error {
	records := p.log.Records[:p.Records]
	for i := 0; i < len(records); {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := batch{log: p.log, device: p.Binding.ID}
		for n := uint64(0); i < len(records) && n < batchSectors; i++ {
			good := records[i].good(b.device)
			n += Total(good)
			b.ranges = append(b.ranges, good...)
			b.records = append(b.records, &records[i])
		}
		if err := b.write(t); err != nil {
			return err
		}
		if progress != nil {
			progress(uint64(i), uint64(len(records)))
		}
	}
	return nil
}

// batch is a run of records whose data is laid out as it will be on the disk,
// newer over older, and then written in the order of sectors.
type batch struct {
	log     *Log
	device  uint8
	records []*Record
	ranges  []Range
	starts  []uint64 // of each range in staging, in sectors
	staging []byte
}

func (b *batch) write(t Target) error {
	b.ranges = union(b.ranges)
	if len(b.ranges) == 0 {
		return nil
	}
	at := uint64(0)
	for _, r := range b.ranges {
		b.starts = append(b.starts, at)
		at += r.Sectors
	}
	staging, err := mem.Alloc(int(at) * segment.SectorSize)
	if err != nil {
		return err
	}
	defer mem.Free(staging)
	b.staging = staging
	var buf []byte
	for _, r := range b.records {
		if len(rangesOf(extentsOf(r), b.device)) == 0 {
			continue
		}
		buf = b.log.Image.readRecord(buf, r)
		if err := b.take(r, buf); err != nil {
			return err
		}
	}
	if err := b.flushOut(t); err != nil {
		return err
	}
	return t.Flush()
}

func extentsOf(r *Record) []segment.Extent {
	out := make([]segment.Extent, len(r.Extents))
	for i := range out {
		out[i] = r.Extents[i].Extent
	}
	return out
}

// take lays the sound data of a record, which was read into buf, over what is
// older.
func (b *batch) take(r *Record, buf []byte) error {
	s := b.log.Super
	again, err := segment.ParseRecord(buf, s.Geometry, s.Nonce, r.Segment, r.Sector)
	if err != nil || again.Header != r.Header {
		return fmt.Errorf("%w: record %d of %s changed while it was replayed", segment.ErrDamaged, r.Header.Seq, r.Place)
	}
	broken, reason := badChunks(buf, r)
	payload := buf[int(r.Header.HeaderSectors)*segment.SectorSize:]
	skip := union(rangesOf(r.Bad, b.device))
	fresh := subtract(union(rangesOf(touched(r, broken), b.device)), skip)
	if len(fresh) > 0 {
		return fmt.Errorf("%w: record %d of %s: %v, unlike when it was surveyed", segment.ErrDamaged, r.Header.Seq, r.Place, reason)
	}
	at := uint64(0) // of the payload, in sectors
	for _, e := range r.Extents {
		if e.Device == b.device {
			for _, piece := range subtract([]Range{{e.LBA, uint64(e.Sectors)}}, skip) {
				if !e.Kind.HasPayload() {
					clear(b.place(piece)) // a discard too: what a disk shows after one of its own is anything
					continue
				}
				from := (at + piece.LBA - e.LBA) * segment.SectorSize
				copy(b.place(piece), payload[from:from+piece.Sectors*segment.SectorSize])
			}
		}
		if e.Kind.HasPayload() {
			at += uint64(e.Sectors)
		}
	}
	return nil
}

// place is where a piece lies in staging.
func (b *batch) place(piece Range) []byte {
	i := sort.Search(len(b.ranges), func(i int) bool { return b.ranges[i].end() > piece.LBA })
	from := b.starts[i] + piece.LBA - b.ranges[i].LBA
	return b.staging[from*segment.SectorSize:][:piece.Sectors*segment.SectorSize]
}

// flushOut writes what was laid out.
func (b *batch) flushOut(t Target) error {
	for i, r := range b.ranges {
		data := b.staging[b.starts[i]*segment.SectorSize:][:r.Sectors*segment.SectorSize]
		off := int64(r.LBA) * segment.SectorSize
		for len(data) > 0 {
			n := min(len(data), largestWrite)
			if _, err := t.WriteAt(data[:n], off); err != nil {
				return fmt.Errorf("write sector %d: %w", off/segment.SectorSize, err)
			}
			data, off = data[n:], off+int64(n)
		}
	}
	return nil
}
