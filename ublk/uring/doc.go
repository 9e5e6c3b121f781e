// Package uring is a small io_uring ring for threads that own what they submit.
//
// It does what a storage server needs and no more: one thread prepares entries, one system call submits them and
// waits, the same thread reads the completions. Nothing on that path allocates, takes a lock or hands work to another
// goroutine; a hand-off between two Go threads costs more than most of the I/O it would announce.
//
// A Ring belongs to the thread that made it. Call New after runtime.LockOSThread, on the thread that will submit and
// wait; the kernel then needs no locks, and runs completions only inside our own system calls. A ring made with
// Config.AnyThread gives that up, and may be used by a goroutine that moves between threads, one call at a time.
//
// Memory given to an entry must neither move nor be collected before its completion is seen: use AllocPages, not make.
// The kernel reads and writes it behind the back of the garbage collector and of the race detector.
//
// Entry layouts, opcodes and set-up come from github.com/iceber/iouring-go/syscall. io_uring_enter is called directly,
// because waiting with a timeout needs its extended argument.
package uring
