package uring

import (
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"
)

// CQE is one completion, as the kernel writes it.
type CQE struct {
	UserData uint64 // what SQE.SetUserData was given
	Res      int32  // bytes or another count, or a negative errno
	Flags    uint32 // IORING_CQE_F_*
}

// Ring is one io_uring. It is not safe for concurrent use; see the package
// comment for which thread may use it.
type Ring struct {
	// Submission: we fill entries and advance the tail, the kernel advances the
	// head.
	sqHead  *atomic.Uint32 // written by the kernel
	sqTail  *atomic.Uint32 // written by us, published when we enter
	sqFlags *atomic.Uint32 // written by the kernel: IORING_SQ_*
	tail    uint32         // our tail, ahead of *sqTail by the entries not yet published
	sqSize  uint32
	sqMask  uint32

	// Completion: the kernel fills entries and advances the tail, we advance
	// the head.
	cqHead *atomic.Uint32 // written by us, published once a batch
	cqTail *atomic.Uint32 // written by the kernel
	cqes   []CQE
	cqMask uint32
	head   uint32 // our head, ahead of *cqHead by the completions seen since it was published
	ready  uint32 // *cqTail when last looked at

	table []registered // regions, by the kernel's index; nil until there is one

	// Set up once.
	fd        int
	entrySize int
	flags     uint32
	features  uint32
	holds     bool     // the scheduler slot is kept while waiting; see hold.go
	entries   []byte   // the entry array, mapped
	rings     []byte   // both rings, mapped
	scratch   []byte   // one page that holds *wait
	wait      *waitArg // the argument of an enter with a timeout
}

// FD returns the ring's descriptor, for an entry in another ring that names
// this one.
func (r *Ring) FD() int { return r.fd }

// SetupFlags returns the IORING_SETUP_* flags the kernel accepted.
func (r *Ring) SetupFlags() uint32 { return r.flags }

// Features returns the IORING_FEAT_* bits of this kernel.
func (r *Ring) Features() uint32 { return r.features }

// GetSQE returns a cleared entry, or nil when the queue is full: then submit
// and ask again. The entry goes out with the next Submit or SubmitAndWait, and
// must not be touched after that.
func (r *Ring) GetSQE() *SQE {
	if r.tail-r.sqHead.Load() >= r.sqSize {
		return nil
	}
	at := int(r.tail&r.sqMask) * r.entrySize
	clear(r.entries[at : at+r.entrySize])
	r.tail++
	return (*SQE)(unsafe.Pointer(&r.entries[at]))
}

// Pending returns the number of entries that were prepared and not yet taken by
// the kernel.
func (r *Ring) Pending() int { return int(r.tail - r.sqHead.Load()) }

// Submit hands all prepared entries to the kernel and does not wait. An error
// means that some were not taken; they stay prepared. EAGAIN and EBUSY pass
// once completions have been read.
func (r *Ring) Submit() error {
	for n := r.Pending(); n > 0; n = r.Pending() {
		if err := r.enter(n, 0, 0, r.holds); err != nil && err != unix.EINTR {
			return fmt.Errorf("io_uring submit: %w", err)
		}
	}
	return nil
}

// SubmitAndWait hands all prepared entries to the kernel and waits until at
// least want completions can be read, or until timeout has passed; a timeout of
// 0 waits for ever, and running out of time is not an error. With want 0 it
// does not wait, but lets the kernel post what is done.
//
// Errors are those of Submit. They are not returned while there is a completion
// to read.
func (r *Ring) SubmitAndWait(want int, timeout time.Duration) error {
	want = min(want, len(r.cqes)) // more could not be read at once
	hold := r.holds
	var deadline time.Time
	if timeout > 0 && want > 0 {
		deadline = time.Now().Add(timeout)
	}
	for {
		left, wait := time.Duration(0), want
		if r.Ready() >= want {
			wait = 0
		} else if timeout > 0 {
			if left = time.Until(deadline); left <= 0 {
				return nil
			}
		}
		err := r.enter(r.Pending(), wait, left, hold)
		// A signal, a timeout and an entry refused half-way all return early,
		// and when entries were submitted the kernel reports their number
		// instead. So look at the rings, not at the result.
		switch {
		case err == unix.EINTR:
			hold = false // nothing has come for a while
		case err == nil || err == unix.ETIME:
		case r.Ready() > 0:
			return nil
		default:
			return fmt.Errorf("io_uring enter, waiting for %d: %w", wait, err)
		}
		if r.Pending() == 0 && r.Ready() >= want {
			return nil
		}
	}
}

// enter calls io_uring_enter once; with hold the thread keeps its scheduler slot.
func (r *Ring) enter(submit, wait int, timeout time.Duration, hold bool) error {
	r.publishHead()
	r.sqTail.Store(r.tail)
	flags := abi.IORING_ENTER_FLAGS_GETEVENTS
	var arg, size uintptr
	if timeout > 0 {
		r.wait.ts = TimespecOf(timeout)
		r.wait.arg.ts = uint64(uintptr(unsafe.Pointer(&r.wait.ts)))
		arg, size = uintptr(unsafe.Pointer(&r.wait.arg)), unsafe.Sizeof(r.wait.arg)
		flags |= IORING_ENTER_EXT_ARG
	}
	var errno unix.Errno
	if hold {
		_, _, errno = unix.RawSyscall6(abi.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(wait), uintptr(flags), arg, size)
	} else {
		_, _, errno = unix.Syscall6(abi.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(submit), uintptr(wait), uintptr(flags), arg, size)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// Ready returns the number of completions that Peek can return without entering
// the kernel.
func (r *Ring) Ready() int {
	r.ready = r.cqTail.Load()
	return int(r.ready - r.head)
}

// Peek copies the oldest completion not yet seen. It stays the oldest until
// Seen is called.
func (r *Ring) Peek() (CQE, bool) {
	if r.head == r.ready && !r.refill() {
		return CQE{}, false
	}
	return r.cqes[r.head&r.cqMask], true
}

// Seen drops the completion that Peek returned. The kernel learns of it when
// the batch is drained or at the next enter.
func (r *Ring) Seen() { r.head++ }

// refill looks for completions once the ones known are used up. When the kernel
// ran out of room it kept the rest aside; it moves them here when we enter.
func (r *Ring) refill() bool {
	r.publishHead()
	if r.Ready() > 0 {
		return true
	}
	if r.sqFlags.Load()&abi.IORING_SQ_CQ_OVERFLOW == 0 {
		return false
	}
	_ = r.enter(0, 0, 0, r.holds) // an error leaves them aside, and the next wait reports it
	return r.Ready() > 0
}

func (r *Ring) publishHead() {
	if r.cqHead.Load() != r.head {
		r.cqHead.Store(r.head)
	}
}
