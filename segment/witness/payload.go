package witness

import (
	"cmp"
	"errors"
	"slices"

	"github.com/ublk-lc/ublk-lc/segment"
)

// doubt is why nothing can be said of a version.
type doubt uint8

const (
	certain doubt = iota
	unread        // the log cannot be read there
	damaged       // the log says something else there than was written
)

// find looks in the log for what sectors hold. It goes through the log once, from
// the oldest version to the newest, and stops when nothing is looked for any more.
func (v *Versions) find(all []finding, log Disk) {
	if v == nil || len(all) == 0 {
		return
	}
	slices.SortFunc(all, func(a, b finding) int { return cmp.Compare(a.lba, b.lba) })
	left, p := len(all), payload{log: log, of: v.log}
	for i := 0; i < len(v.extents) && left > 0; i++ {
		e := &v.extents[i]
		j, _ := slices.BinarySearchFunc(all, e.LBA, func(f finding, lba uint64) int { return cmp.Compare(f.lba, lba) })
		for ; j < len(all) && all[j].lba-e.LBA < uint64(e.Sectors); j++ {
			f := &all[j]
			if f.known {
				continue
			}
			sum, doubt := p.sum(e, f.lba)
			switch {
			case doubt != certain:
				f.doubt = max(f.doubt, doubt)
			case sum == f.sum:
				f.known = true
				left--
			}
		}
	}
}

// payload reads the payload of records, and believes it when the checksums in
// their headers are right. It is made for reading in the order of the log.
type payload struct {
	log Disk
	of  *segment.Super

	segment  uint64 // of the record at hand; 0 = there is none
	position uint32
	record   segment.Record
	doubt    doubt // why there is nothing to say of the record

	first, end int64 // sectors of the chunk at hand; none if they are the same
	chunk      [segment.ChunkSize]byte
	bad        doubt // why there is nothing to say of the chunk
}

// sum is the checksum of what a version has of sector lba of its backing.
func (p *payload) sum(v *version, lba uint64) (uint32, doubt) {
	if !v.Kind.HasPayload() {
		return zeroSum, certain
	}
	if p.segment != v.segment || p.position != v.position {
		p.segment, p.position = v.segment, v.position
		p.first, p.end = 0, 0
		p.doubt = p.open()
	}
	if p.doubt != certain {
		return 0, p.doubt
	}
	at := v.At + int64(lba-v.LBA)
	if at < p.first || at >= p.end {
		p.bad = p.read(at)
	}
	if p.bad != certain {
		return 0, p.bad
	}
	return segment.Checksum(p.chunk[(at-p.first)*segment.SectorSize:][:segment.SectorSize]), certain
}

// open reads the header of the record at hand.
func (p *payload) open() doubt {
	g := p.of.Geometry
	at := uint64(g.SlotSector(g.Slot(p.segment))) + uint64(p.position)
	var header []byte
	for {
		b, err := p.log.Sector(at)
		if err != nil {
			return unread
		}
		header = append(header, b...)
		p.record, err = segment.ParseRecord(header, g, p.of.Nonce, p.segment, p.position)
		switch {
		case err == nil:
			return certain
		case !errors.Is(err, segment.ErrShort):
			return damaged
		}
		at++
	}
}

// read reads the chunk of the record at hand that a sector of the log lies in.
func (p *payload) read(at int64) doubt {
	start := p.record.PayloadSector(p.of.Geometry)
	i := (at - start) / segment.ChunkSectors
	p.first = start + i*segment.ChunkSectors
	p.end = min(p.first+segment.ChunkSectors, start+int64(p.record.PayloadSectors))
	if at < p.first || at >= p.end {
		p.end = p.first
		return damaged
	}
	body := p.chunk[:(p.end-p.first)*segment.SectorSize]
	for i := p.first; i < p.end; i++ {
		b, err := p.log.Sector(uint64(i))
		if err != nil {
			return unread
		}
		copy(body[(i-p.first)*segment.SectorSize:], b)
	}
	if segment.Checksum(body) != p.record.ChunkSum(int(i)) {
		return damaged
	}
	return certain
}
