package witness

import "github.com/ublk-lc/ublk-lc/segment"

// Change is what a batch makes of the witness of one backing. It is told all
// that the batch writes, by rising address, each sector once.
type Change struct {
	filter
	of      *segment.Witness
	now     segment.Witness
	scope   Scope
	marks   []segment.Mark // new ones
	samples []segment.Mark // new ones
	offered int            // sectors that might have become samples
	stride  int            // one of so many does
	lost    bool           // it cannot be told any more
}

// NewChange starts from the witness that is in force, which it does not alter.
func NewChange(of *segment.Witness, s Scope) *Change {
	c := &Change{filter: newFilter(of), of: of, now: *of, scope: s, stride: 1}
	c.now.Head = append([]uint32(nil), of.Head...)
	c.now.Tail = append([]uint32(nil), of.Tail...)
	return c
}

// Of is the witness it started from.
func (c *Change) Of() *segment.Witness { return c.of }

var zeroSum = segment.Checksum(make([]byte, segment.SectorSize))

// Zero says that n sectors from lba on will hold zeroes.
func (c *Change) Zero(lba, n uint64) {
	if c.passes(lba, n) {
		c.overwrite(lba, n, func(uint64) uint32 { return zeroSum })
	}
}

// Write says what the sectors from lba on will hold.
func (c *Change) Write(lba uint64, data []byte) {
	n := uint64(len(data)) / segment.SectorSize
	if c.passes(lba, n) {
		c.overwrite(lba, n, func(at uint64) uint32 {
			return segment.Checksum(data[(at-lba)*segment.SectorSize:][:segment.SectorSize])
		})
	}
	from, to := c.between(lba, lba+n)
	if from >= to {
		return
	}
	data = data[(from-lba)*segment.SectorSize:]
	c.offer(from, data[:segment.SectorSize])
	for at := from; at < to && len(c.marks) < c.scope.Marks; at++ {
		if LooksLikeSuper(data[:segment.SectorSize]) {
			c.marks = append(c.marks, segment.Mark{LBA: at, Sum: segment.Checksum(data[:segment.SectorSize])})
		}
		data = data[segment.SectorSize:]
	}
}

// between is the part of a run of sectors that lies in neither head nor tail.
func (c *Change) between(from, to uint64) (uint64, uint64) {
	from = max(from, uint64(len(c.now.Head)))
	if start := tailStart(&c.now); from < start {
		return from, min(to, start)
	}
	return max(from, c.now.Sectors), to
}

// LeftOut says that n sectors from lba on will not be written although the log
// had data of them, which they may hold already. If any of them is witnessed,
// nobody knows what to expect there once the log has forgotten it.
func (c *Change) LeftOut(lba, n uint64) { c.lost = c.lost || Covers(c.of, lba, n) }

// overwrite enters new checksums of what lies in head and tail, and lets go of
// marks and samples whose content is replaced.
func (c *Change) overwrite(lba, n uint64, sum func(lba uint64) uint32) {
	for at := lba; at < min(lba+n, uint64(len(c.now.Head))); at++ {
		c.now.Head[at] = sum(at)
	}
	c.now.Marks = without(c.now.Marks, lba, n)
	c.now.Samples = without(c.now.Samples, lba, n)
	start := tailStart(&c.now)
	for at := max(lba, start); at < min(lba+n, c.now.Sectors); at++ {
		c.now.Tail[at-start] = sum(at)
	}
}

// without are the marks outside of n sectors from lba on.
func without(marks []segment.Mark, lba, n uint64) []segment.Mark {
	for i := range marks {
		if marks[i].LBA-lba >= n {
			continue
		}
		kept := append([]segment.Mark(nil), marks[:i]...)
		for _, m := range marks[i+1:] {
			if m.LBA-lba >= n {
				kept = append(kept, m)
			}
		}
		return kept
	}
	return marks
}

// offer may make a sector a sample. They are spread over all that are offered,
// and what could be on any disk is none.
func (c *Change) offer(lba uint64, b []byte) {
	if blank(b) {
		return
	}
	c.offered++
	if c.scope.Samples == 0 || (c.offered-1)%c.stride != 0 {
		return
	}
	if len(c.samples) == c.scope.Samples {
		n := 0
		for i := 0; i < len(c.samples); i += 2 {
			c.samples[n] = c.samples[i]
			n++
		}
		c.samples, c.stride = c.samples[:n], 2*c.stride
		if (c.offered-1)%c.stride != 0 || n == c.scope.Samples {
			return
		}
	}
	c.samples = append(c.samples, segment.Mark{LBA: lba, Sum: segment.Checksum(b)})
}

// blank tells whether a sector holds one byte over and over.
func blank(b []byte) bool {
	for i := range b {
		if b[i] != b[0] {
			return false
		}
	}
	return true
}

// Witness is what it all comes to, once the batch is durable; nil is none.
func (c *Change) Witness() *segment.Witness {
	if c.lost {
		return nil
	}
	w := c.now
	old := w.Marks[:min(len(w.Marks), max(0, c.scope.Marks-len(c.marks)))]
	w.Marks = append(append([]segment.Mark(nil), c.marks...), old...)
	if len(c.samples) > 0 {
		w.Samples = append([]segment.Mark(nil), c.samples...)
	}
	return &w
}
