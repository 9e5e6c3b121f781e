// Package mem is memory outside the Go heap, for what the kernel or a device reads
// and writes: pages of it, and regions that io_uring rings may register. It knows
// no ring, so that who only fills buffers need not either.
package mem

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// hugePage is the size in bytes from which AllocResident asks for huge pages.
const hugePage = 2 << 20

// Alloc returns zeroed, page-aligned memory outside the Go heap, size bytes rounded
// up to whole pages: the kernel may hold its address, and the garbage collector
// neither scans nor moves nor counts it. Give it back with Free, as it came.
func Alloc(size int) ([]byte, error) {
	page := unix.Getpagesize()
	n := (size + page - 1) / page * page
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("allocate %d bytes of pages: %w", n, err)
	}
	if n >= hugePage {
		_ = unix.Madvise(b, unix.MADV_NOHUGEPAGE) // many kernels use them unasked
	}
	return b, nil
}

// AllocResident is Alloc for memory that will all be used soon: it is there when
// this returns, in huge pages where the kernel has them, so that no page fault
// comes later. Memory of which only a part is ever touched, like the buffers of a
// queue's tags, is better left to faults of a page each: a huge page is cleared as
// a whole.
func AllocResident(size int) ([]byte, error) {
	b, err := Alloc(size)
	if err != nil {
		return nil, err
	}
	if len(b) >= hugePage {
		_ = unix.Madvise(b, unix.MADV_HUGEPAGE) // fewer TLB misses
	}
	_ = unix.Madvise(b, unix.MADV_POPULATE_WRITE) // older kernels fault the pages in later
	return b, nil
}

// Free gives memory from Alloc or AllocResident back. b must be the slice that they
// returned; nil is ignored.
func Free(b []byte) error {
	if b == nil {
		return nil
	}
	if err := unix.Munmap(b); err != nil {
		return fmt.Errorf("free %d bytes of pages: %w", len(b), err)
	}
	return nil
}
