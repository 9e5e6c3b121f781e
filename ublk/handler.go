package ublk

import "github.com/ublk-lc/ublk-lc/ublk/uapi"

// Handler makes the queues of a device.
type Handler interface {
	// NewQueue is called once for each queue, on the queue's own thread, and
	// for several queues at the same time. It may use q.Ring. An error makes
	// Device.Start fail; then the handlers already made are closed.
	NewQueue(q *Queue) (QueueHandler, error)
}

// QueueHandler serves one queue. All methods are called on the queue's thread,
// one at a time, and must not block.
type QueueHandler interface {
	// Handle takes new requests. Each must be given to q.Complete once, now or
	// later. The slice is reused; the requests stay valid until they are
	// completed.
	Handle(reqs []*Request)
	// Completed reports the completion of an entry from q.SQE, in the iteration
	// before new requests are handled.
	Completed(userData uint64, res int32)
	// Woken is called after q.Wake, once for any number of calls since the last.
	Woken()
	// Quiesce says that no request will come any more. The queue ends once every
	// entry from q.SQE has completed, so one that would wait for ever must be
	// cancelled now. Completed and Woken are still called.
	Quiesce()
	// Close is the last call: nothing is in flight, and q must not be used any
	// more.
	Close()
}

// Idler is a QueueHandler that has work which can wait until there is nothing
// else to do.
type Idler interface {
	// HasIdleWork is asked before the queue waits. It must be cheap.
	HasIdleWork() bool
	// Idle does a little of that work: some microseconds. It is called when all
	// that was prepared is with the kernel, and nothing has completed yet.
	Idle()
}

// Op is what a request wants.
type Op uint8

// Operations; the numbers are the kernel's.
const (
	Read        = Op(uapi.UBLK_IO_OP_READ)
	Write       = Op(uapi.UBLK_IO_OP_WRITE)
	Flush       = Op(uapi.UBLK_IO_OP_FLUSH) // covers every write answered before it arrived, on all queues
	Discard     = Op(uapi.UBLK_IO_OP_DISCARD)
	WriteZeroes = Op(uapi.UBLK_IO_OP_WRITE_ZEROES)
)

func (o Op) String() string {
	switch o {
	case Read:
		return "read"
	case Write:
		return "write"
	case Flush:
		return "flush"
	case Discard:
		return "discard"
	case WriteZeroes:
		return "write zeroes"
	}
	return "unknown"
}

// SectorSize is the unit of Request.Sector in bytes, whatever the block size of
// the device.
const SectorSize = 512

// Request is one request of the kernel. There is one for each tag, reused;
// between Handle and Complete the handler may use it and its buffer.
type Request struct {
	Op      Op
	FUA     bool   // the write must be durable before it is answered
	NoUnmap bool   // zeroes must stay allocated
	Tag     uint16 // 0 ... Queue.Depth()-1, for state that the handler keeps in an array
	Sectors uint32 // length in sectors, 0 for a flush
	Sector  uint64 // first sector
	Buf     []byte // the data of a read or write, in mapped pages, page-aligned; nil for the others, and with UserCopy

	pages []byte // the tag's whole buffer, nil with UserCopy
	owner owner
}

// Len is the result that answers the request in full: bytes for a read or
// write, and 0 for the others.
func (r *Request) Len() int32 {
	if r.Op == Read || r.Op == Write {
		return int32(r.Sectors) * SectorSize
	}
	return 0
}

// owner says who may touch a tag's buffer.
//
//	ended ──fetch──▶ ownedByKernel ──ready──▶ ownedByHandler
//	  ▲                │       ▲                    │
//	  └─────abort──────┘       └───────commit───────┘
type owner uint8

const (
	ended          owner = iota // nobody: not fetched yet, or never again
	ownedByKernel               // a fetch or commit is with the kernel
	ownedByHandler              // the request was delivered and not yet completed
)
