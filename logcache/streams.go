package logcache

import "github.com/ublk-lc/ublk-lc/segment"

// maxStreams is how many streams of a volume are followed: the most recent.
const maxStreams = 128

// streams tells which writes of a volume go on where an earlier one ended, and
// how long the run of such writes is. Many may be interleaved; one that was not
// continued for the longest time makes room for a new one. A FLUSH ends all
// runs: who syncs before he has written much waits for the log, and not for the
// backing.
type streams struct {
	list    [maxStreams + 1]stream // from 1; 0 is the head of the order of use
	n       uint8                  // in use
	buckets [1 << bucketBits]uint8 // by place, of those in use
	flushes uint32                 // so far
}

const bucketBits = 7

// stream is a run of writes. Its place is the sector behind the last one.
type stream struct {
	place        uint64
	run          uint64 // bytes
	flushes      uint32 // when it began
	older, newer uint8  // in the order of use
	chained      uint8  // the next in the bucket
}

// extend takes in a write, and tells how many bytes its stream is long with it.
func (s *streams) extend(lba uint64, sectors uint32) uint64 {
	i := *s.find(lba)
	if i == 0 {
		i = s.take()
	} else {
		s.drop(i)
	}
	e := &s.list[i]
	if e.flushes != s.flushes {
		e.run, e.flushes = 0, s.flushes
	}
	e.place = lba + uint64(sectors)
	e.run += uint64(sectors) * segment.SectorSize
	s.add(i)
	return e.run
}

// flushed ends all runs; their streams may go on with new ones.
func (s *streams) flushed() { s.flushes++ }

func bucketOf(place uint64) uint64 { return place * 0x9e3779b97f4a7c15 >> (64 - bucketBits) }

// find is the link to the stream at a place; it leads to 0 if there is none.
func (s *streams) find(place uint64) *uint8 {
	link := &s.buckets[bucketOf(place)]
	for *link != 0 && s.list[*link].place != place {
		link = &s.list[*link].chained
	}
	return link
}

// take gives a stream that is not in use, if need be the oldest.
func (s *streams) take() uint8 {
	i := s.list[0].newer
	if s.n < maxStreams {
		s.n++
		i = s.n
	} else {
		s.drop(i)
	}
	s.list[i] = stream{flushes: s.flushes}
	return i
}

// drop takes a stream out of its bucket and of the order.
func (s *streams) drop(i uint8) {
	e := &s.list[i]
	link := &s.buckets[bucketOf(e.place)]
	for *link != i {
		link = &s.list[*link].chained
	}
	*link = e.chained
	s.list[e.older].newer, s.list[e.newer].older = e.newer, e.older
}

// add puts a stream into its bucket, and makes it the newest.
func (s *streams) add(i uint8) {
	e, head := &s.list[i], &s.list[0]
	bucket := &s.buckets[bucketOf(e.place)]
	e.chained, *bucket = *bucket, i
	e.older, e.newer = head.older, 0
	s.list[head.older].newer = i
	head.older = i
}
