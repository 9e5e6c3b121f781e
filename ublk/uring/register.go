package uring

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	abi "github.com/iceber/iouring-go/syscall"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
	"golang.org/x/sys/unix"
)

// maxRegions is how many regions a ring has room for.
const maxRegions = 4

// ErrRegions is returned by Register when the ring has no room for another region.
var ErrRegions = errors.New("the ring has as many regions registered as it has room for")

// registered is an entry of the kernel's table of buffers, as we know it.
type registered struct {
	region     *mem.Region // held; nil = the entry is empty
	from, size uint64      // where it lies
}

// Register pins the pages of a region for this ring, so that writes out of it
// may be fixed ones. It takes milliseconds. Registering a region twice, or one
// that was freed, does nothing.
//
// The kernel may refuse: it counts the pages against RLIMIT_MEMLOCK unless the
// ring was made with CAP_IPC_LOCK, and takes no region above 1 GiB. Then
// nothing has changed, and the memory can be written with PrepWrite.
func (r *Ring) Register(m *mem.Region) error {
	if err := r.makeTable(); err != nil {
		return err
	}
	if r.entryOf(m) >= 0 || !m.Hold() {
		return nil
	}
	at := r.entryOf(nil)
	if at < 0 {
		return errors.Join(ErrRegions, m.Drop())
	}
	b := m.Bytes()
	if err := r.setEntry(at, b); err != nil {
		return errors.Join(fmt.Errorf("io_uring register, %d bytes: %w", len(b), err), m.Drop())
	}
	r.table[at] = registered{region: m, from: addr(b), size: uint64(len(b))}
	return nil
}

// Unregister undoes Register; of a region that is not registered it does
// nothing. Writes in flight are not disturbed. With an error of the kernel the
// region stays registered, and mapped.
func (r *Ring) Unregister(m *mem.Region) error {
	at := r.entryOf(m)
	if at < 0 {
		return nil
	}
	if err := r.setEntry(at, nil); err != nil {
		return fmt.Errorf("io_uring unregister, %d bytes: %w", r.table[at].size, err)
	}
	r.table[at] = registered{}
	return m.Drop()
}

// Registered tells whether all of buf lies in one registered region, and the
// index of that for PrepWriteFixed.
func (r *Ring) Registered(buf []byte) (index uint16, ok bool) {
	at, size := addr(buf), uint64(len(buf))
	for i := range r.table {
		e := &r.table[i]
		if at-e.from < e.size && size <= e.size-(at-e.from) {
			return uint16(i), true
		}
	}
	return 0, false
}

// entryOf returns the index of a region in the table, of an empty entry for
// nil, or -1.
func (r *Ring) entryOf(m *mem.Region) int {
	return slices.IndexFunc(r.table, func(e registered) bool { return e.region == m })
}

// makeTable has the kernel make its table, once.
func (r *Ring) makeTable() error {
	if r.table != nil {
		return nil
	}
	arg := rsrcRegister{nr: maxRegions, flags: IORING_RSRC_REGISTER_SPARSE}
	if err := abi.IOURingRegister(r.fd, IORING_REGISTER_BUFFERS2, unsafe.Pointer(&arg), uint32(unsafe.Sizeof(arg))); err != nil {
		return fmt.Errorf("io_uring register, %d empty buffers: %w", maxRegions, err)
	}
	r.table = make([]registered, maxRegions)
	return nil
}

// setEntry fills an entry of the kernel's table, or clears it with nil.
func (r *Ring) setEntry(at int, b []byte) error {
	vec := &unix.Iovec{Base: unsafe.SliceData(b)}
	vec.SetLen(len(b))
	var still runtime.Pinner // the argument holds its address as a number
	still.Pin(vec)
	defer still.Unpin()
	arg := rsrcUpdate{offset: uint32(at), data: uint64(uintptr(unsafe.Pointer(vec))), nr: 1}
	return abi.IOURingRegister(r.fd, IORING_REGISTER_BUFFERS_UPDATE, unsafe.Pointer(&arg), uint32(unsafe.Sizeof(arg)))
}

// dropTable lets all regions go, of a ring that is closed.
func (r *Ring) dropTable() error {
	var errs []error
	for _, e := range r.table {
		if e.region != nil {
			errs = append(errs, e.region.Drop())
		}
	}
	r.table = nil
	return errors.Join(errs...)
}
