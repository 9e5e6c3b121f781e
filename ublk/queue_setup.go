package ublk

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

const (
	descSize = int(unsafe.Sizeof(uapi.UblksrvIODesc{}))

	// handlerEntries is the room for the handler's own I/O in the ring, in
	// entries beyond one for each tag.
	handlerEntries = 64
	// completionFactor times the submission entries is the room for
	// completions. I/O in flight is not bounded by the submission ring; the
	// kernel keeps what overflows aside, at a cost.
	completionFactor = 4
)

// newQueue makes what of a queue may be used before its thread runs, and from
// other threads: its wake-up.
func newQueue(d *Device, id int) (*Queue, error) {
	event, err := uring.NewEvent()
	if err != nil {
		return nil, fmt.Errorf("ublk device %d: queue %d: %w", d.id, id, err)
	}
	return &Queue{dev: d, id: id, charFD: d.charFD, event: event}, nil
}

func closeEvents(queues []*Queue) error {
	var errs []error
	for _, q := range queues {
		errs = append(errs, q.event.Close())
	}
	return errors.Join(errs...)
}

// run is the queue's goroutine. It reports on up whether the queue could be
// made, and waits for the word to serve.
func (q *Queue) run(h Handler, up chan<- error, word <-chan bool) {
	// The kernel ties the queue to the thread that fetches. The thread is never
	// unlocked, and so ends with this goroutine: a thread that lives on would
	// still count as the queue's server.
	runtime.LockOSThread()
	defer q.dev.queueEnded(q)
	if err := q.setUp(h); err != nil {
		up <- errors.Join(err, q.tearDown())
		return
	}
	up <- nil
	if err := q.serve(<-word); err != nil {
		q.fail(err)
		if q.live > 0 || q.inFlight > 0 || q.armed {
			// The kernel may still write to our pages, and they are not ours to
			// reuse. The end of the thread cancels what is in flight.
			return
		}
	}
	if err := q.tearDown(); err != nil {
		q.fail(err)
	}
}

// setUp makes the queue on its thread, and its handler last.
func (q *Queue) setUp(h Handler) error {
	// Memory reclaim on this thread must not wait for I/O to the device it
	// serves. Needs CAP_SYS_RESOURCE.
	_ = unix.Prctl(unix.PR_SET_IO_FLUSHER, 1, 0, 0, 0)
	if q.cpus != nil {
		_ = unix.SchedSetaffinity(0, q.cpus) // slower without, and a cpuset may forbid it
	}
	if err := q.makeRing(); err != nil {
		return err
	}
	if err := q.mapDescs(); err != nil {
		return err
	}
	if err := q.makeRequests(); err != nil {
		return err
	}
	handler, err := h.NewQueue(q)
	if err != nil {
		return fmt.Errorf("ublk device %d: queue %d: %w", q.dev.id, q.id, err)
	}
	q.handler = handler
	q.idler, _ = handler.(Idler)
	return nil
}

func (q *Queue) makeRing() error {
	n := uint32(q.dev.cfg.Depth + handlerEntries)
	ring, err := uring.New(uring.Config{Entries: n, CQEntries: completionFactor * n})
	if err != nil {
		return fmt.Errorf("ublk device %d: queue %d: %w", q.dev.id, q.id, err)
	}
	q.ring, q.spare = ring, new(uring.SQE)
	return nil
}

// mapDescs maps the queue's request descriptors. Queues lie apart by the
// largest depth there is, not by ours.
func (q *Queue) mapDescs() error {
	page := os.Getpagesize()
	stride := roundUp(uapi.UBLK_MAX_QUEUE_DEPTH*descSize, page)
	size := roundUp(q.dev.cfg.Depth*descSize, page)
	m, err := unix.Mmap(q.charFD, int64(uapi.UBLKSRV_CMD_BUF_OFFSET+q.id*stride), size, unix.PROT_READ,
		unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("ublk device %d: map descriptors of queue %d: %w", q.dev.id, q.id, err)
	}
	q.descMap = m
	q.descs = unsafe.Slice((*uapi.UblksrvIODesc)(unsafe.Pointer(&m[0])), q.dev.cfg.Depth)
	return nil
}

func roundUp(n, unit int) int { return (n + unit - 1) / unit * unit }

func (q *Queue) makeRequests() error {
	depth, size := q.dev.cfg.Depth, q.dev.cfg.MaxIOBytes
	q.reqs = make([]Request, depth)
	q.batch = make([]*Request, 0, depth)
	for i := range q.reqs {
		q.reqs[i].Tag = uint16(i)
	}
	if q.dev.cfg.UserCopy {
		return nil
	}
	pages, err := mem.Alloc(depth * size)
	if err != nil {
		return fmt.Errorf("ublk device %d: buffers of queue %d: %w", q.dev.id, q.id, err)
	}
	q.pages = pages
	for i := range q.reqs {
		q.reqs[i].pages = pages[i*size : (i+1)*size : (i+1)*size]
	}
	return nil
}

// tearDown gives back what setUp made. Nothing is in flight.
func (q *Queue) tearDown() error {
	var errs []error
	if q.descMap != nil {
		errs = append(errs, unix.Munmap(q.descMap))
		q.descMap, q.descs = nil, nil
	}
	if q.ring != nil {
		errs = append(errs, q.ring.Close())
	}
	errs = append(errs, q.event.Close(), mem.Free(q.pages))
	q.pages = nil
	return errors.Join(errs...)
}
