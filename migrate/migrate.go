package migrate

import (
	"errors"
	"fmt"

	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

const (
	// MaxBatch bounds a batch, in bytes of segments: the memory it takes, twice.
	MaxBatch = 64 << 20
	// maxDepth is how many operations are under way at most.
	maxDepth = 256
	// maxRetries is how often operations of a batch that have failed are tried
	// again, all together, before it is given up. A later batch starts from the
	// same segment.
	maxRetries = 3
)

// ErrNoBacking is the state of a log whose oldest data belongs to a device that
// is not attached: nothing can be migrated until it is.
var ErrNoBacking = errors.New("the backing is not attached")

// Source is the cache, as far as migration sees it.
type Source interface {
	Geometry() segment.Geometry
	Life() segment.Life
	// Disk names the cache device in operations.
	Disk() block.Handle
	// Candidates appends up to most segments that may be migrated now, oldest
	// first: not migrated and later than after, closed and durable. With want the
	// cache works to have more of them.
	Candidates(dst []segment.Span, after uint64, most int, want bool) []segment.Span
	// GivenUp says whose extents, up to where, are to be left out.
	GivenUp() segment.GivenUp
	// BlockSectors is the logical block of a device, in sectors.
	BlockSectors(dev uint8) uint32
	// BackingReady tells whether a device's data can be written to its backing.
	BackingReady(dev uint8) bool
	// MayWrite tells whether backings may be written to now, or why they never may
	// be again.
	MayWrite() (bool, error)
	// BackingFailed tells that an operation on a device's backing has failed that
	// is no flush.
	BackingFailed(dev uint8)
	// FlushBegins tells that a flush of a device's backing starts now, and
	// FlushEnded how it has ended. then is told, on the same thread, whether all
	// that was written to the backing since Sorting is durable: others flush it
	// too, and one that fails may cost what is not theirs.
	FlushBegins(dev uint8)
	FlushEnded(dev uint8, err error, then func(error))
	// Sorting tells that a batch is put in order, and Writing what it will write,
	// by rising addresses: data, or nil for zeroes; LeavingOut which extents it
	// writes in part, or not at all, for damage. Until Migrated, that may fail.
	Sorting()
	Writing(e segment.Extent, data []byte)
	LeavingOut(e segment.Extent)
	// Forget tells that these places need not be read any more: their data, or
	// newer, is on the backings.
	Forget([]segment.Placed)
	// Migrated tells that all data up to segment id is durable on the backings.
	// done is called when its slots are free, or never will be.
	Migrated(id uint64, done func(error))
}

// Migrator migrates what is dirty in one cache. Its methods belong to one thread.
type Migrator struct {
	src Source
	geo segment.Geometry

	state state
	err   error // what the batch failed with

	batch        []segment.Span
	unfinishedTo uint64 // a batch that did not end may have written segments up to this one
	readahead    readahead
	images       []byte // of the batch's segments; once they are sorted, of the next batch's
	staging      []byte // the sorted payload
	staged       int
	versions     []version
	places       []segment.Placed
	devs         []block.Dev // written to in this batch
	patches      patches

	pending  []*block.Op // not yet given out
	inFlight int         // given out and not done
	writes   int         // to the backings, and flushes, not done
	queues   queues      // the same by device, and how fast they go
	pool     []*block.Op
	retries  int
	skips    skips

	status Status
}

// Status tells what a migrator has done and is doing. Numbers are since resume.
type Status struct {
	State     string
	Batches   uint64
	Segments  uint64
	Ahead     uint64 // segments read while the batch before was written
	Writes    uint64 // to the backings, merged
	Bytes     uint64 // written to the backings
	Zeroed    uint64 // bytes discarded, or made zeroes
	Flushes   uint64 // of the backings
	Errors    uint64 // failed operations
	Failed    uint64
	Damaged   uint64 // that the last batch failed for
	LastError string
}

// New makes a migrator for a cache that was just resumed.
func New(src Source) *Migrator {
	m := &Migrator{src: src, geo: src.Geometry()}
	// What was interrupted by a crash may have been a batch of all there is.
	m.batch = src.Candidates(nil, 0, m.Largest(), false)
	m.noteUnfinished()
	return m
}

// Largest is how many segments a batch may have.
func (m *Migrator) Largest() int {
	return int(min(m.geo.Slots, max(1, MaxBatch/uint64(m.geo.SegmentSize))))
}

// noteUnfinished notes that the batch may leave newer data on the backings than
// it has told. Until a batch that is as long succeeds, they are no past state.
func (m *Migrator) noteUnfinished() {
	if n := len(m.batch); n > 0 {
		m.unfinishedTo = max(m.unfinishedTo, m.batch[n-1].ID)
	}
}

// candidates chooses the segments of a batch: up to most, but no fewer than
// an unfinished batch had. What lies before damage goes without it.
func (m *Migrator) candidates(most int) {
	most = min(most, m.Largest())
	ask := most
	if m.unfinishedTo > 0 {
		ask = m.Largest()
	}
	m.batch = m.src.Candidates(m.batch[:0], 0, ask, true)
	n := min(most, len(m.batch))
	for n < len(m.batch) && m.batch[n].ID <= m.unfinishedTo {
		n++
	}
	for n > 1 && m.batch[0].ID < m.status.Damaged && m.batch[n-1].ID >= m.status.Damaged && m.batch[n-1].ID > m.unfinishedTo {
		n--
	}
	m.batch = m.batch[:n]
}

// Close gives the memory back. Nothing may be under way.
func (m *Migrator) Close() error {
	err := errors.Join(mem.Free(m.images), mem.Free(m.staging), mem.Free(m.patches.memory))
	m.images, m.staging, m.patches.memory = nil, nil, nil
	return err
}

// Status is what the migrator has done so far.
func (m *Migrator) Status() Status {
	s := m.status
	s.State = m.state.String()
	return s
}

// Idle tells whether no batch is under way.
func (m *Migrator) Idle() bool { return m.state == idle }

// LastError is why the last batch failed, or nil if it did not.
func (m *Migrator) LastError() error { return m.err }

// Step starts a batch of up to most segments if none is under way and there is
// something to migrate. It returns true when a batch was started.
func (m *Migrator) Step(most int) bool {
	if m.state != idle || most <= 0 {
		return false
	}
	m.candidates(most)
	if len(m.batch) == 0 {
		return false
	}
	if err := m.reserve(); err != nil {
		m.fail(err)
		return false
	}
	m.err, m.retries = nil, 0
	m.state, m.queues.started = reading, false
	for i := m.takeReadahead(); i < len(m.batch); i++ {
		m.read(i, &m.batch[i])
	}
	if m.done() {
		m.advance()
	}
	return true
}

// read reads a segment into the batch memory, as the i-th of its batch.
func (m *Migrator) read(i int, s *segment.Span) {
	image, at := m.image(i)[:int(s.End)*segment.SectorSize], m.geo.SlotOffset(m.geo.Slot(s.ID))
	m.skips.around(s.ID, image, func(from, to int) { m.add(block.Read, block.Cache, at+int64(from), image[from:to]) })
}

// unreadable is damage: the segment that cannot be read at a byte of the cache
// device.
func (m *Migrator) unreadable(at int64, reason error) error {
	for _, s := range m.batch {
		slot := m.geo.Slot(s.ID)
		if from := m.geo.SlotOffset(slot); from <= at && at < from+int64(m.geo.SegmentSize) {
			return &segment.DamageError{Segment: s.ID, Slot: slot, Offset: at, Seq: s.FirstSeq, Durable: s.LastSeq, Reason: reason}
		}
	}
	return reason
}

func (m *Migrator) image(i int) []byte {
	size := int(m.geo.SegmentSize)
	return m.images[i*size : (i+1)*size]
}

// reserve sees to it that the largest batch has memory. Pages that no batch
// reaches are never touched, and take up none.
func (m *Migrator) reserve() error {
	if m.images != nil {
		return nil
	}
	size := m.Largest() * int(m.geo.SegmentSize)
	images, err := mem.Alloc(size)
	if err != nil {
		return err
	}
	staging, err := mem.Alloc(size)
	if err != nil {
		return errors.Join(err, mem.Free(images))
	}
	m.images, m.staging = images, staging
	return nil
}

func (m *Migrator) add(k block.Kind, dev block.Dev, offset int64, buf []byte) *block.Op {
	var op *block.Op
	if n := len(m.pool); n > 0 {
		op, m.pool = m.pool[n-1], m.pool[:n-1]
	} else {
		op = &block.Op{Sink: m}
	}
	op.Kind, op.Dev, op.Disk, op.Offset, op.Buf, op.Tag = k, dev, m.src.Disk(), offset, buf, 0
	m.queues.todo[dev]++
	if dev != block.Cache {
		m.writes++
	}
	m.pending = append(m.pending, op)
	return op
}

// Done takes the completion of an operation.
func (m *Migrator) Done(op *block.Op, err error) {
	if op.Kind == block.Flush {
		m.src.FlushEnded(uint8(op.Dev), err, func(err error) { m.ended(op, err) })
		return
	}
	m.ended(op, err)
}

// ended goes on when it is known how an operation has ended.
func (m *Migrator) ended(op *block.Op, err error) {
	m.inFlight--
	m.queues.inFlight[op.Dev]--
	if err != nil && m.failed(op, err) {
		return
	}
	if err == nil && op.Tag != 0 && m.err == nil && m.patched(op) {
		return
	}
	m.queues.todo[op.Dev]--
	if op.Dev != block.Cache {
		m.writes--
	}
	op.Buf = nil
	m.pool = append(m.pool, op)
	if m.done() {
		m.advance()
	}
}

// failed takes in that an operation has failed, and tells whether it is to be
// tried again.
func (m *Migrator) failed(op *block.Op, err error) (again bool) {
	m.status.Errors++
	if op.Dev != block.Cache && op.Kind != block.Flush {
		m.src.BackingFailed(uint8(op.Dev))
	}
	switch {
	case op.Dev == block.Cache && m.state != reading && m.err == nil:
		m.readahead.failed = append(m.readahead.failed, op) // for the batch that needs it
		return true
	case m.err == nil && m.retries < maxRetries && op.Kind != block.Flush:
		// A failed flush is not tried again: the writes before it may be gone.
		m.retries++
		m.pending = append(m.pending, op)
		return true
	}
	if m.err == nil { // a disk that is gone fails them all: the first tells why, the counter how many
		m.err = fmt.Errorf("migrate: %v at byte %d of %v: %w", op.Kind, op.Offset, op.Dev, err)
		if op.Dev == block.Cache {
			m.err = m.unreadable(op.Offset, err)
		}
	}
	m.drop()
	return false
}

// done tells whether all that the present state waits for is done. What is read
// ahead, nothing waits for, unless the batch has failed: its memory is needed.
func (m *Migrator) done() bool {
	switch {
	case m.err != nil:
		return m.inFlight == 0 && m.state != idle
	case m.state == reading:
		return m.queues.todo[block.Cache] == 0
	}
	return m.writes == 0 && (m.state == writing || m.state == flushing)
}

// advance goes to the next state when all operations of this one are done.
func (m *Migrator) advance() {
	if m.err != nil {
		m.fail(m.err)
		return
	}
	switch m.state {
	case reading:
		if err := m.sort(); err != nil {
			m.fail(err)
			return
		}
		m.state = writing
		if m.done() {
			m.advance()
		}
	case writing:
		m.state = flushing
		for _, dev := range m.devs {
			m.status.Flushes++
			m.add(block.Flush, dev, 0, nil)
		}
		if m.done() {
			m.advance()
		}
	case flushing:
		m.state = committing
		m.src.Forget(m.places)
		m.src.Migrated(m.batch[len(m.batch)-1].ID, m.committed)
	}
}

// committed ends a batch. It runs under the cache's lock.
func (m *Migrator) committed(err error) {
	if err != nil {
		m.fail(err)
		return
	}
	m.state, m.unfinishedTo = idle, 0
	m.status.Batches++
	m.status.Segments += uint64(len(m.batch))
	m.status.LastError, m.status.Damaged = "", 0
}

// fail gives the batch up; its segments are not migrated. It ends when nothing
// is under way in its memory any more.
func (m *Migrator) fail(err error) {
	m.err = err
	m.drop()
	if m.inFlight > 0 {
		return
	}
	if m.state >= writing {
		m.noteUnfinished()
	}
	m.state = idle
	m.status.Failed++
	m.status.LastError, m.status.Damaged = err.Error(), 0
	var damage *segment.DamageError
	if errors.As(err, &damage) {
		m.status.Damaged = damage.Segment
	}
}

// collect verifies segment i of the batch and lists its extents. Those that are
// given up have places, like all that need not be read any more, and no version.
func (m *Migrator) collect(i int, given *segment.GivenUp) error {
	s := m.batch[i]
	var missing uint8
	err := segment.Walk(m.image(i)[:int(s.End)*segment.SectorSize], m.geo, m.src.Life(), s, m.skips.check, func(r *segment.Record, payload []byte) {
		first := len(m.places)
		m.places = r.AppendPlaced(m.places, m.geo)
		for _, p := range m.places[first:] {
			v := version{Extent: p.Extent, order: len(m.versions)}
			if p.Kind.HasPayload() {
				n := int(p.Sectors) * segment.SectorSize
				v.data, payload = payload[:n], payload[n:]
			}
			if given.Covers(p.Device, r.Seq) {
				continue
			}
			if !m.src.BackingReady(p.Device) {
				missing = p.Device
			}
			if m.skips.find(r.Seq) != nil {
				m.src.LeavingOut(p.Extent)
			}
			m.versions = m.skips.sound(m.versions, r.Seq, &p, v)
		}
	})
	if err != nil {
		m.status.Errors++
		return err
	}
	if missing != 0 {
		return fmt.Errorf("device %d: %w", missing, ErrNoBacking)
	}
	return nil
}
