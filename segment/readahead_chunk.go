package segment

import (
	"cmp"
	"slices"
)

const (
	// chunkSegments is how many segments are read together.
	chunkSegments = 64
	// chunkPiece is the unit in which a chunk takes memory, in bytes.
	chunkPiece = 512 << 10
	// headGuess is how long the header of a full segment of the default size is,
	// at most, with all its blocks apart.
	headGuess = 8 << 10
	// leastGuess is what a read of a head takes at least: less is no faster.
	leastGuess = 4 << 10
)

// found is what lies at a position: a record, or a reason why there is none.
type found struct {
	pos uint32
	rec Record
	bad error
}

// pursuit follows the records of one segment from its start.
type pursuit struct {
	found []found // by position
	pos   uint32  // of the next header to read
	need  int     // its length in bytes, if that is known
	over  bool
}

func (p *pursuit) find(pos uint32) *found {
	i, ok := slices.BinarySearchFunc(p.found, pos, func(f found, pos uint32) int { return cmp.Compare(f.pos, pos) })
	if !ok {
		return nil
	}
	return &p.found[i]
}

// chunk is a stretch of neighbouring segments whose headers are read together:
// first all heads, then the record behind each, until none goes on.
type chunk struct {
	a        *readahead
	first    uint64 // segment; 0 = never used
	done     chan struct{}
	segments [chunkSegments]pursuit
	heads    int // how long the next head's header is expected to be, in bytes
	others   int // the same for records behind heads

	// memory, used anew for each stretch
	pieces [][]byte
	piece  int    // the one in use
	free   []byte // of it

	// one round of reads
	bufs  [][]byte
	offs  []int64
	errs  []error
	whose []int // by read, index of the segment
}

func (c *chunk) init(a *readahead) {
	c.a, c.heads, c.others = a, headGuess, int(a.h.g.BlockSize)
}

// begin forgets the last stretch for one that starts with segment first.
func (c *chunk) begin(first uint64) {
	c.first, c.done = first, make(chan struct{})
	c.piece, c.free = -1, nil
	for i := range c.segments {
		p := &c.segments[i]
		*p = pursuit{found: p.found[:0], over: first+uint64(i) > c.a.last}
	}
}

// read reads until no segment goes on.
func (c *chunk) read() {
	for c.gather() {
		c.a.r.ReadBatch(c.bufs, c.offs, c.errs)
		for i := range c.bufs {
			c.take(i)
		}
	}
}

// gather prepares the next round of reads, and tells whether there is one.
func (c *chunk) gather() bool {
	h := c.a.h
	c.bufs, c.offs, c.errs, c.whose = c.bufs[:0], c.offs[:0], c.errs[:0], c.whose[:0]
	for i := range c.segments {
		p := &c.segments[i]
		if p.over {
			continue
		}
		size := c.others
		switch {
		case p.need > 0:
			size = p.need
		case p.pos == 0:
			size = c.heads
		}
		c.bufs = append(c.bufs, c.alloc(min(size, h.room(p.pos))))
		c.offs = append(c.offs, h.offset(c.first+uint64(i), p.pos))
		c.errs = append(c.errs, nil)
		c.whose = append(c.whose, i)
	}
	return len(c.bufs) > 0
}

// take looks at read i, and decides how its segment goes on. A read that failed
// is left to who needs it: it may have been longer than need be, or one that
// nobody would have done.
func (c *chunk) take(i int) {
	h, p := c.a.h, &c.segments[c.whose[i]]
	if c.errs[i] != nil {
		p.over = true
		return
	}
	rec, need, bad := h.parse(c.bufs[i], c.first+uint64(c.whose[i]), p.pos)
	if need > 0 {
		p.need = need
		return
	}
	p.found = append(p.found, found{p.pos, rec, bad})
	if bad != nil {
		p.over = true
		return
	}
	if p.pos == 0 {
		c.heads = max(leastGuess, len(rec.raw))
	} else {
		c.others = h.wholeBlocks(len(rec.raw))
	}
	if n := len(p.found); n > 1 {
		last := &p.found[n-2].rec
		p.over = rec.Seq != last.Seq+1 || rec.Epoch != last.Epoch
	}
	p.pos, p.need = rec.End(), 0
	p.over = p.over || h.room(p.pos) == 0
}

// alloc takes n bytes of the chunk's memory.
func (c *chunk) alloc(n int) []byte {
	if len(c.free) < n {
		c.piece++
		if c.piece == len(c.pieces) {
			c.pieces = append(c.pieces, aligned(chunkPiece))
		}
		c.free = c.pieces[c.piece]
	}
	b := c.free[:n:n]
	c.free = c.free[n:]
	return b
}
