package logcache

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// wholeBlock is the mask of all sectors of a block.
const wholeBlock = 1<<index.SectorsPerBlock - 1

// loading makes an index of the records that recovery shows.
type loading struct {
	geo    segment.Geometry
	given  segment.GivenUp
	seen   *witness.Collector
	idx    *index.Index
	loader *index.Loader
	err    error

	zeroBlocks int
}

func newLoading(s *segment.Super, cfg *Config) (*loading, error) {
	idx, err := index.New(int(s.Geometry.LogBytes() / index.BlockBytes))
	if err != nil {
		return nil, err
	}
	if cfg.Swappable {
		idx.Unlock()
	}
	loader, err := idx.Load(cfg.Loaders)
	if err != nil {
		return nil, errors.Join(err, idx.Close())
	}
	return &loading{geo: s.Geometry, given: s.GivenUp(), seen: witness.NewCollector(s), idx: idx, loader: loader}, nil
}

// drop gives up.
func (l *loading) drop() error { return errors.Join(l.loader.Stop(), l.idx.Close()) }

// add takes the next record.
func (l *loading) add(r *segment.Record) {
	if l.err != nil {
		return
	}
	at := r.PayloadSector(l.geo)
	for i := range int(r.Extents) {
		e := r.Extent(i)
		counts := !l.given.Covers(e.Device, r.Seq)
		l.seen.Place(&r.Header, &segment.Placed{Extent: e, At: at})
		if counts && e.Kind == segment.Data && e.Sectors == index.SectorsPerBlock && e.LBA%index.SectorsPerBlock == 0 {
			// This is what a large log mostly holds. It is what addParts does,
			// in half the time.
			l.loader.Put(e.Device, e.LBA/index.SectorsPerBlock, wholeBlock, at)
			at += index.SectorsPerBlock
			continue
		}
		if !e.Kind.Replayable() {
			l.err = fmt.Errorf("%w: the log holds extents of kind %d, which this version cannot replay", segment.ErrVersion, e.Kind)
			return
		}
		l.addParts(&segment.Placed{Extent: e, At: at}, counts)
		if e.Kind.HasPayload() {
			at += int64(e.Sectors)
		}
	}
}

// addParts adds an extent block by block. One that does not count takes up the
// room of zeroes until its record is migrated, and no more.
func (l *loading) addParts(e *segment.Placed, counts bool) {
	for lba, at, n := e.LBA, e.At, e.Sectors; n > 0; {
		b := blockOf(lba, n)
		if counts {
			l.loader.Put(e.Device, b.block, b.mask, baseOf(e, &b, at))
		}
		if !e.Kind.HasPayload() {
			l.zeroBlocks++
		}
		lba, at, n = lba+uint64(b.sectors), at+int64(b.sectors), n-b.sectors
	}
}

// finish makes the index usable, and returns how many blocks it holds by device id.
func (l *loading) finish() (blocks [segment.MaxDevices + 1]uint64, err error) {
	counts, err := l.loader.Finish()
	for dev, n := range counts {
		blocks[dev] = uint64(n)
	}
	return blocks, err
}
