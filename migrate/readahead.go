package migrate

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// readaheadDepth is how many segments are read ahead at a time: there is time,
// and users want to read from the same device.
const readaheadDepth = 4

// readahead is what is read for the next batch while the present one is
// written. It takes no memory of its own: what is written lies sorted in
// staging, and the images that it came from are used no more.
type readahead struct {
	spans  []segment.Span // the i-th goes to image i
	failed []*block.Op    // reads that are left to the batch that needs them
	looked state          // in which the log was looked at last
}

// ReadAhead reads up to most segments for the next batch, while the writes of the
// present one are under way. The next batch still begins, by [Migrator.Step],
// after this one has ended: only its reads are done by then. It may be called
// at any time; the log is looked at once while the batch is written, and once
// while it is flushed, as each look costs a flush of the cache device.
func (m *Migrator) ReadAhead(most int) {
	a := &m.readahead
	if m.err != nil || m.state != writing && m.state != flushing || a.looked == m.state || most <= 0 {
		return
	}
	a.looked = m.state
	first, after := len(a.spans), m.batch[len(m.batch)-1].ID
	if first > 0 {
		after = a.spans[first-1].ID
	}
	if n := min(most, m.Largest()) - first; n > 0 {
		a.spans = m.src.Candidates(a.spans, after, n, true)
	}
	for i := first; i < len(a.spans); i++ {
		m.read(i, &a.spans[i])
	}
	m.status.Ahead += uint64(len(a.spans) - first)
}

// takeReadahead hands over to the batch that begins what was read ahead, and
// tells how many of its segments that is. Reads that failed are done again.
func (m *Migrator) takeReadahead() int {
	n := len(m.readahead.spans)
	m.pending = append(m.pending, m.takeFailed()...)
	m.readahead.spans, m.readahead.looked = m.readahead.spans[:0], idle
	return n
}

func (m *Migrator) takeFailed() []*block.Op {
	list := m.readahead.failed
	m.readahead.failed = nil
	return list
}
