package ublk

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/ublk/uapi"
	"github.com/ublk-lc/ublk-lc/ublk/uring"
	"golang.org/x/sys/unix"
)

// UserDataMax is the first user data that an entry from Queue.SQE must not
// carry: the ids above are this package's.
const UserDataMax uint64 = 1 << 56

// What the top byte of an entry's user data says; 0 is the handler's.
const (
	kindTag    uint64 = 1 // a fetch or commit, the tag below
	kindEvent  uint64 = 2 // the armed read of the wake-up event
	kindCancel uint64 = 3 // the cancellation of that read

	kindShift = 56
)

// Queue is one hardware queue of a device, with the ring that serves it. All
// methods but Wake belong to the queue's thread.
type Queue struct {
	dev     *Device
	id      int
	handler QueueHandler
	idler   Idler        // the handler, if it is one
	cpus    *unix.CPUSet // where its thread is to run, nil for anywhere

	// The ring and what it shares with the kernel.
	ring    *uring.Ring
	charFD  int                  // /dev/ublkcN
	descMap []byte               // the mapping that descs lies in
	descs   []uapi.UblksrvIODesc // one for each tag, written by the kernel
	pages   []byte               // the buffers of all tags

	// Requests.
	reqs  []Request  // by tag
	batch []*Request // what this iteration brought; made once, for all tags
	live  int        // tags that can still bring requests: all but the ended

	// Entries of the handler, and its wake-up.
	inFlight    int
	event       *uring.Event
	armed       bool        // a read of the event is in flight
	wakePending bool        // Woken is due in this iteration
	woken       atomic.Bool // Wake was called and the queue has not yet noticed; any thread

	spare  *uring.SQE // handed out when the ring takes no more, on the way down
	stalls int        // refusals of the ring in a row
	err    error      // the first thing that went wrong
}

// ID returns the number of the queue: 0 ... Config.Queues-1.
func (q *Queue) ID() int { return q.id }

// Depth returns the number of tags.
func (q *Queue) Depth() int { return len(q.reqs) }

// Device returns the device that the queue belongs to.
func (q *Queue) Device() *Device { return q.dev }

// Ring returns the queue's ring. Entries for it come from SQE; submitting and
// reaping is the queue's business.
func (q *Queue) Ring() *uring.Ring { return q.ring }

// SQE returns an entry for I/O of the handler's own, never nil: when the ring
// is full it is submitted first. The entry must carry user data below
// UserDataMax, and bring exactly one completion.
func (q *Queue) SQE() *uring.SQE {
	q.inFlight++
	return q.entry()
}

// Wake makes the queue call its handler's Woken soon. It may be called from any
// thread and at any time, is cheap when the queue was woken already, and does
// nothing once the queue has ended.
func (q *Queue) Wake() {
	if !q.woken.Swap(true) {
		q.event.Signal()
	}
}

// Complete answers a request: res is r.Len() for all of it, a smaller number of
// bytes for a part (the kernel then sends the rest again), or a negative errno.
// The request and its buffer belong to the kernel from here on.
func (q *Queue) Complete(r *Request, res int32) {
	if r.owner != ownedByHandler {
		panic("ublk: Complete of a request that was completed before")
	}
	if r.Op == Write && res == 0 && r.Len() > 0 {
		res = -int32(unix.EIO) // the kernel would send the same write again, for ever
	}
	q.command(uapi.UBLK_U_IO_COMMIT_AND_FETCH_REQ, r, res)
}

// command prepares a fetch, or a commit that fetches the tag's next request.
func (q *Queue) command(op uint32, r *Request, res int32) {
	r.owner = ownedByKernel
	sqe := q.entry()
	sqe.PrepURingCmd(q.charFD, op)
	cmd := (*uapi.UblksrvIOCmd)(sqe.Cmd())
	cmd.QID, cmd.Tag, cmd.Result = uint16(q.id), r.Tag, res
	cmd.Addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(r.pages))))
	sqe.SetUserData(kindTag<<kindShift | uint64(r.Tag))
}

// serve fetches, and answers until the kernel has ended every tag. With fetch
// false it only waits for what is in flight.
func (q *Queue) serve(fetch bool) error {
	q.arm()
	if fetch {
		q.live = len(q.reqs)
		for i := range q.reqs {
			q.command(uapi.UBLK_U_IO_FETCH_REQ, &q.reqs[i], 0)
		}
	}
	for q.live > 0 {
		if err := q.iterate(); err != nil {
			return err
		}
	}
	q.handler.Quiesce()
	for q.inFlight > 0 {
		if err := q.iterate(); err != nil {
			return err
		}
	}
	if err := q.disarm(); err != nil {
		return err
	}
	q.handler.Close()
	return q.err
}

// iterate submits what was prepared, waits for something to happen, and lets the
// handler see all of it. If the handler has idle work and nothing has happened
// yet, it gets a moment for that instead.
func (q *Queue) iterate() error {
	want := 1
	if q.idler != nil && q.idler.HasIdleWork() {
		want = 0
	}
	if err := q.ring.SubmitAndWait(want, 0); err != nil {
		if err := q.stall(err); err != nil {
			return err
		}
	} else {
		q.stalls = 0
	}
	if want == 0 && q.ring.Ready() == 0 {
		q.idler.Idle()
		return nil
	}
	for cqe, ok := q.ring.Peek(); ok; cqe, ok = q.ring.Peek() {
		q.ring.Seen()
		q.dispatch(cqe)
	}
	if q.wakePending {
		q.wakePending = false
		q.handler.Woken()
	}
	if len(q.batch) > 0 {
		q.handler.Handle(q.batch)
		q.batch = q.batch[:0]
	}
	return nil
}

func (q *Queue) dispatch(cqe uring.CQE) {
	switch cqe.UserData >> kindShift {
	case 0:
		q.inFlight--
		q.handler.Completed(cqe.UserData, cqe.Res)
	case kindTag:
		q.delivered(&q.reqs[uint16(cqe.UserData)], cqe.Res)
	case kindEvent:
		q.armed = false
		if cqe.Res == -int32(unix.ECANCELED) {
			return
		}
		// The flag goes down before the handler looks at whatever it was woken
		// for: a Wake from now on signals again.
		q.woken.Store(false)
		q.wakePending = true
		q.arm()
	}
}

// delivered takes the kernel's answer to a fetch or commit: a new request, or
// the end of the tag.
func (q *Queue) delivered(r *Request, res int32) {
	if res != uapi.UBLK_IO_RES_OK {
		r.owner = ended
		q.live--
		if res != uapi.UBLK_IO_RES_ABORT {
			q.fail(fmt.Errorf("ublk device %d: queue %d, tag %d: the kernel refused its command: %w",
				q.dev.id, q.id, r.Tag, unix.Errno(-res)))
		}
		return
	}
	d := &q.descs[r.Tag]
	r.owner = ownedByHandler
	r.Op = Op(d.OpFlags)
	r.FUA = d.OpFlags&uapi.UBLK_IO_F_FUA != 0
	r.NoUnmap = d.OpFlags&uapi.UBLK_IO_F_NOUNMAP != 0
	r.Sector, r.Sectors, r.Buf = d.StartSector, d.NrSectors, nil
	switch r.Op {
	case Read, Write:
		if r.pages != nil {
			r.Buf = r.pages[:r.Len()]
		}
	case Flush:
		r.Sector, r.Sectors = 0, 0 // the kernel says sector -1
	case Discard, WriteZeroes:
	default:
		q.Complete(r, -int32(unix.EOPNOTSUPP))
		return
	}
	q.batch = append(q.batch, r)
}

func (q *Queue) arm() {
	sqe := q.entry()
	q.event.Arm(sqe)
	sqe.SetUserData(kindEvent << kindShift)
	q.armed = true
}

// disarm ends the read of the event, so that the kernel holds no address of
// ours when the ring is closed.
func (q *Queue) disarm() error {
	for q.armed {
		sqe := q.entry()
		sqe.PrepCancel(kindEvent << kindShift)
		sqe.SetUserData(kindCancel << kindShift)
		if err := q.iterate(); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}
