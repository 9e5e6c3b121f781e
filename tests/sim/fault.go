package sim

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ublk-lc/ublk-lc/segment/block"
)

// fault is what a device does wrong to an operation.
type fault uint8

const (
	none        fault = iota
	eio               // nothing is done, an error is reported
	eioLanded         // all of it is done, an error is reported all the same
	eioPartly         // the first half of a write is done, an error is reported
	eioFlush          // of a write with FUA that is a write and a flush, the flush fails; else as eio
	lost              // nothing is done, success is reported
	misdirected       // a write lands one block further
	lying             // a flush, or what FUA asks of a write, is not done, success is reported
	stalled           // nothing is reported until the rule is lifted
)

var (
	// errIO is what a simulated device reports.
	errIO = fmt.Errorf("simulated: %w", syscall.EIO)
	// errPower is what everything gets once the power is cut.
	errPower = errors.New("simulated power cut")
)

// rule chooses operations for a fault: from the nth that matches, count of them.
type rule struct {
	what  fault
	dev   int // number of the disk, 0 = the cache device, -1 = any
	kinds []block.Kind
	from  int64 // bytes; only with to
	to    int64
	nth   int // 1 is the first
	count int // 0 = all from there on
	seen  int
}

func (r *rule) matches(op *block.Op, number int) bool {
	if r.dev >= 0 && r.dev != number {
		return false
	}
	if r.to > 0 && (op.Kind == block.Flush || op.Offset >= r.to || op.Offset+op.Bytes() <= r.from) {
		return false
	}
	ok := len(r.kinds) == 0
	for _, k := range r.kinds {
		ok = ok || k == op.Kind
	}
	if !ok {
		return false
	}
	r.seen++
	return r.seen >= max(1, r.nth) && (r.count == 0 || r.seen < max(1, r.nth)+r.count)
}

// wrong tells whether the fault leads to errors or to data that is not there. A
// stall is only slow.
func (f fault) wrong() bool { return f != none && f != stalled }

// reported tells whether an error is.
func (f fault) reported() bool { return f == eio || f == eioLanded || f == eioPartly || f == eioFlush }

// honest tells whether what is reported as done is done.
func (f fault) honest() bool { return f == none || f == stalled }

// fired tells whether the rule has hit at all.
func (r *rule) fired() bool { return r.seen >= max(1, r.nth) }
