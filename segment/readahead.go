package segment

import (
	"io"
	"sync"
)

// BatchReaderAt is a device that does many reads at once. Several goroutines may
// call it at a time.
type BatchReaderAt interface {
	io.ReaderAt
	// ReadBatch fills each of bufs from the byte at the offset in offs, and
	// stores in errs what went wrong with it, or nil.
	ReadBatch(bufs [][]byte, offs []int64, errs []error)
}

const (
	// readaheadReaders is how many goroutines read ahead, each a chunk at a time.
	// With them the device always has something to do while headers are parsed.
	readaheadReaders = 4
	// readaheadChunks is how many chunks are kept: one for each reader, two
	// that are being looked at, and two that are done before their turn.
	readaheadChunks = readaheadReaders + 4
)

// readahead reads the headers of all segments in order, ahead of whoever asks for
// them. It is no more than a memory of what a read would give: what it does not
// have, or could not read, is read again by who needs it. So it decides nothing.
type readahead struct {
	h      *headers
	r      BatchReaderAt
	first  uint64 // segment
	last   uint64
	next   uint64 // the chunk to hand to the readers next
	chunks [readaheadChunks]chunk
	work   chan *chunk
	wg     sync.WaitGroup
}

func newReadahead(h *headers, r BatchReaderAt, first uint64) *readahead {
	a := &readahead{h: h, r: r, first: first, last: first + h.g.Slots - 1, work: make(chan *chunk, readaheadChunks)}
	for i := range a.chunks {
		a.chunks[i].init(a)
	}
	for range readaheadReaders {
		a.wg.Go(func() {
			for c := range a.work {
				c.read()
				close(c.done)
			}
		})
	}
	return a
}

func (a *readahead) close() {
	close(a.work)
	a.wg.Wait()
}

// find returns what lies at pos of segment id, or nil if that is not known.
// Segments are asked for in order; it waits for one that is being read.
func (a *readahead) find(id uint64, pos uint32) *found {
	k := (id - a.first) / chunkSegments
	for a.next+1 < k+readaheadChunks && a.first+a.next*chunkSegments <= a.last { // chunk k-1 is still in use
		c := &a.chunks[a.next%readaheadChunks]
		c.begin(a.first + a.next*chunkSegments)
		a.work <- c
		a.next++
	}
	c := &a.chunks[k%readaheadChunks]
	if c.first != a.first+k*chunkSegments {
		return nil // it is long past
	}
	<-c.done
	return c.segments[id-c.first].find(pos)
}
