package index

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const slotBytes = int(unsafe.Sizeof(slot{}))

// pageSlots is the number of slots in a memory page, the unit in which a
// shard takes memory and gives it back.
var pageSlots = unix.Getpagesize() / slotBytes

// reserve returns address space for n slots, all empty. Memory is taken page
// by page as slots are first written.
func reserve(n int) ([]slot, error) {
	size := uintptr(n) * uintptr(slotBytes)
	p, err := unix.MmapPtr(-1, 0, nil, size, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return nil, fmt.Errorf("index: reserve %d bytes: %w", size, err)
	}
	mem := unsafe.Slice((*slot)(p), n)
	// A huge page would take memory for the unused part of a shard's stretch.
	// Kernels without huge pages refuse the advice and do not need it.
	_ = unix.Madvise(bytesOf(mem), unix.MADV_NOHUGEPAGE)
	return mem, nil
}

// populate takes the memory of slots at once, which is cheaper than page by page.
// Kernels before 5.14 refuse; then it is taken when it is written to.
func populate(slots []slot) {
	_ = unix.Madvise(bytesOf(slots), unix.MADV_POPULATE_WRITE)
}

// discard gives the memory of slots back, which must be whole pages and
// already empty. They stay usable. The process may have locked its memory;
// a refusal, as by kernels before 5.18, only means that the pages stay.
func discard(slots []slot) {
	if len(slots) > 0 {
		_ = unix.Madvise(bytesOf(slots), unix.MADV_DONTNEED_LOCKED)
	}
}

// Unlock lets the kernel swap the index out, in a process that locks all its
// memory. Shards that outgrow what was expected of them stay locked.
func (x *Index) Unlock() {
	_ = unix.Munlock(bytesOf(x.arena)) // cannot fail on a mapping of ours; locked, it works all the same
}

// release ends a reservation, given as reserve returned it.
func release(mem []slot) error {
	if cap(mem) == 0 {
		return nil
	}
	size := uintptr(cap(mem)) * uintptr(slotBytes)
	if err := unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(mem)), size); err != nil {
		return fmt.Errorf("index: release memory: %w", err)
	}
	return nil
}

func bytesOf(slots []slot) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(slots))), len(slots)*slotBytes)
}
