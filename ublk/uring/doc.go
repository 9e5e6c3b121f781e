// Package uring is a small io_uring ring for threads that own what they submit.
//
// It does what a storage server needs and no more: one thread prepares entries,
// one system call submits them and waits, the same thread reads the
// completions. Nothing on that path allocates, takes a lock or hands work to
// another goroutine; a hand-off between two Go threads costs more than most of
// the I/O it would announce.
//
// A Ring belongs to the thread that made it. Call New after
// runtime.LockOSThread, on the thread that will submit and wait; the kernel
// then needs no locks, and runs completions only inside our own system calls. A
// ring made with Config.AnyThread gives that up, and may be used by a goroutine
// that moves between threads, one call at a time.
//
// Memory given to an entry must neither move nor be collected before its
// completion is seen: use package mem, not make. The kernel reads and writes it
// behind the back of the garbage collector and of the race detector.
//
// A write out of plain memory has the kernel look up and hold every page of it:
// about 40 % of what a write of 1 MiB takes out of huge pages, three quarters
// out of small ones. Memory that is written again and again is better made a
// [mem.Region] and registered with the ring: that is done once, and PrepWriteFixed
// names it. A ring that has a region registered goes on writing the pages that
// it found at that time, whatever lies at their addresses later; that is why a
// Region stays mapped until the last ring has let it go.
//
// Entry layouts, opcodes and set-up come from
// github.com/iceber/iouring-go/syscall. io_uring_enter is called directly,
// because waiting with a timeout needs its extended argument.
package uring
