package migrate

import (
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
)

// aheadDepth is how many segments are read ahead at a time: there is time, and
// users want to read from the same device.
const aheadDepth = 4

// ahead is what is read for the next batch while the present one is written. It
// takes no memory of its own: what is written lies sorted in staging, and the
// images that it came from are used no more.
type ahead struct {
	spans  []segment.Span // the i-th goes to image i
	failed []*block.Op    // reads that are left to the batch that needs them
	looked state          // in which the log was looked at last
}

// Ahead reads up to most segments for the next batch, while the writes of the
// present one are under way. The next batch still begins, by [Migrator.Step],
// after this one has ended: only its reads are done by then. It may be called
// at any time; the log is looked at once while the batch is written, and once
// while it is flushed, as each look costs a flush of the cache device.
func (m *Migrator) Ahead(most int) {
	a := &m.ahead
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

// takeAhead hands over to the batch that begins what was read ahead, and tells
// how many of its segments that is. Reads that failed are done again.
func (m *Migrator) takeAhead() int {
	n := len(m.ahead.spans)
	m.queue = append(m.queue, m.takeFailed()...)
	m.ahead.spans, m.ahead.looked = m.ahead.spans[:0], idle
	return n
}

func (m *Migrator) takeFailed() []*block.Op {
	list := m.ahead.failed
	m.ahead.failed = nil
	return list
}
