package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// ErrUnsupported is returned by New when the kernel has no usable io_uring:
// older than 5.11, built without it, or switched off by the
// kernel.io_uring_disabled sysctl or a container's seccomp filter.
var ErrUnsupported = errors.New("io_uring is not usable here: needs Linux 5.11+, sysctl kernel.io_uring_disabled=0 " +
	"and a seccomp filter that allows it")

// Config describes a ring.
type Config struct {
	Entries   uint32 // submission entries; the kernel rounds up to a power of two
	CQEntries uint32 // completion entries; 0 means twice Entries
	Wide      bool   // 128-byte submission entries, which the ublk control commands need
	AnyThread bool   // the ring may be used from changing threads, one call at a time
}

// Sizes in bytes.
const (
	narrowEntry = 64
	wideEntry   = 128
	cqeSize     = 16
)

// setupModes lists the ways to run completions, best first. An older kernel
// refuses the flags it does not know.
func setupModes(anyThread bool) []uint32 {
	modes := []uint32{
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | abi.IORING_SETUP_COOP_TASKRUN | abi.IORING_SETUP_SUBMIT_ALL,
		abi.IORING_SETUP_COOP_TASKRUN | abi.IORING_SETUP_SUBMIT_ALL,
		0,
	}
	if anyThread {
		// Cooperative completion work would wait for the submitting thread to
		// enter the kernel again, and that thread may by then be parked by the
		// Go scheduler.
		return modes[2:]
	}
	return modes
}

// New makes a ring. Unless c.AnyThread is set the calling goroutine must be
// locked to its thread, and only that thread may use the ring.
func New(c Config) (*Ring, error) {
	if c.Entries == 0 {
		return nil, errors.New("io_uring setup: no entries asked for")
	}
	if c.CQEntries == 0 {
		c.CQEntries = 2 * c.Entries
	}
	fd, p, err := setup(c)
	if err != nil {
		return nil, err
	}
	r := &Ring{fd: fd, flags: p.Flags, features: p.Features, entrySize: narrowEntry}
	if c.Wide {
		r.entrySize = wideEntry
	}
	if err := r.mapRings(p); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	if !c.AnyThread {
		r.holds = true
		holdSlot(1)
	}
	return r, nil
}

func setup(c Config) (int, *abi.IOURingParams, error) {
	var last error
	for _, mode := range setupModes(c.AnyThread) {
		p := &abi.IOURingParams{
			Flags:     mode | abi.IORING_SETUP_CQSIZE | abi.IORING_SETUP_CLAMP,
			CQEntries: c.CQEntries,
		}
		if c.Wide {
			p.Flags |= abi.IORING_SETUP_SQE128
		}
		fd, err := abi.IOURingSetup(uint(c.Entries), p)
		if err == nil {
			return checkFeatures(fd, p)
		}
		last = err
		if !errors.Is(err, unix.EINVAL) {
			break
		}
	}
	if errors.Is(last, unix.ENOSYS) || errors.Is(last, unix.EPERM) {
		return -1, nil, fmt.Errorf("%w (%w)", ErrUnsupported, last)
	}
	return -1, nil, fmt.Errorf("io_uring setup, %d entries: %w", c.Entries, last)
}

// checkFeatures refuses kernels that would lose completions or cannot wait with
// a timeout. The ring's descriptor is close-on-exec by the kernel's own doing.
func checkFeatures(fd int, p *abi.IOURingParams) (int, *abi.IOURingParams, error) {
	const need = abi.IORING_FEAT_SINGLE_MMAP | abi.IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG
	if p.Features&need != need {
		_ = unix.Close(fd)
		return -1, nil, fmt.Errorf("%w (features %#x, need %#x)", ErrUnsupported, p.Features, need)
	}
	return fd, p, nil
}

// mapRings maps the rings and the entry array, and points the ring at its
// shared words.
func (r *Ring) mapRings(p *abi.IOURingParams) error {
	size := max(int(p.SQOffset.Array)+int(p.SQEntries)*4, int(p.CQOffset.Cqes)+int(p.CQEntries)*cqeSize)
	var err error
	if r.rings, err = r.mmap(abi.IORING_OFF_SQ_RING, size); err != nil {
		return err
	}
	if r.entries, err = r.mmap(abi.IORING_OFF_SQES, int(p.SQEntries)*r.entrySize); err != nil {
		return err
	}
	if r.scratch, err = mem.Alloc(int(unsafe.Sizeof(waitArg{}))); err != nil {
		return err
	}
	r.wait = (*waitArg)(unsafe.Pointer(&r.scratch[0]))

	r.sqHead, r.sqTail = r.word(p.SQOffset.Head), r.word(p.SQOffset.Tail)
	r.sqFlags = r.word(p.SQOffset.Flags)
	r.sqSize, r.sqMask = p.SQEntries, p.SQEntries-1
	r.tail = r.sqTail.Load()

	r.cqHead, r.cqTail = r.word(p.CQOffset.Head), r.word(p.CQOffset.Tail)
	r.cqMask = p.CQEntries - 1
	r.cqes = unsafe.Slice((*CQE)(unsafe.Pointer(&r.rings[p.CQOffset.Cqes])), p.CQEntries)
	r.head = r.cqHead.Load()
	r.ready = r.head

	// Slot i of the index array always names entry i: entries are used in
	// order, so it is written once.
	array := unsafe.Slice((*uint32)(unsafe.Pointer(&r.rings[p.SQOffset.Array])), p.SQEntries)
	for i := range array {
		array[i] = uint32(i)
	}
	return nil
}

func (r *Ring) mmap(off uint64, size int) ([]byte, error) {
	b, err := unix.Mmap(r.fd, int64(off), size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("io_uring mmap, %d bytes at %#x: %w", size, off, err)
	}
	return b, nil
}

func (r *Ring) word(off uint32) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&r.rings[off]))
}

// Close gives the ring back. Requests still in flight are cancelled by the
// kernel, in its own time: memory they use must stay mapped until their
// completion was seen, so drain first. Close may be called twice, and from any
// thread once the owner has stopped using the ring.
func (r *Ring) Close() error {
	var errs []error
	for _, m := range []*[]byte{&r.entries, &r.rings} {
		if *m != nil {
			errs = append(errs, unix.Munmap(*m))
			*m = nil
		}
	}
	if r.scratch != nil {
		errs = append(errs, mem.Free(r.scratch))
		r.scratch, r.wait = nil, nil
	}
	if r.holds {
		r.holds = false
		holdSlot(-1)
	}
	if r.fd >= 0 {
		errs = append(errs, unix.Close(r.fd))
		r.fd = -1
	}
	errs = append(errs, r.dropTable())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("io_uring close: %w", err)
	}
	return nil
}
