// Package ublk serves block devices from user space through Linux ublk.
//
// A program implements Handler and QueueHandler, and gets a /dev/ublkbN:
//
//	dev, err := ublk.New(ctx, ublk.Config{ID: -1, SizeBytes: 1 << 30}, handler) // the id is known, no I/O yet
//	err = dev.Start(ctx)                                                       // dev.BlockPath() is there
//	err = dev.Stop(ctx)                                                        // it is gone
//
// # Threads
//
// Each queue has one thread and one io_uring. The kernel ties a queue to the
// thread that fetched its requests, so the goroutine is locked to its thread
// for life and the thread ends with it. All methods of a QueueHandler run
// there, one at a time; they may put I/O of their own on the same ring, and one
// system call per iteration submits it, answers what was completed, and waits for
// more. Only Queue.Wake may be called from elsewhere.
//
// A handler must not block: while it does, its queue stands still. It must not
// panic either. A panic is not recovered, because the state behind it is
// unknown: the process dies, and with Config.Recovery the device only pauses
// until a new process takes it over with Recover.
//
// # Memory
//
// Request buffers and everything the kernel holds an address of are mapped
// pages outside the Go heap. From fetch to commit nothing is allocated.
//
// With Config.UserCopy there are no request buffers: the handler moves the data
// itself, by a system call for each piece, to and from wherever it likes. That
// saves the second copy of a handler that keeps data in a place of its own, and
// pays for large requests. In instructions, of client, kernel and server
// together, against such a handler with the default buffers: 4 KiB cost 3 %
// more at depth 1 and some 5 % more at depth 32 (0 to 11 % in four runs), 128
// KiB writes a quarter less and reads a fifth less. The second copy of 4 KiB is
// 2 to 4 % of a request, and that is all there is to gain. tools/bench measures
// writes again, with its systems null, nullcopy and nullusercopy and its option
// -counted.
//
// # Control commands
//
// They are blocking commands of the kernel that have been seen to hang. Each
// has a deadline, and its error is a *ControlError that names the command, the
// device and what to do. Those that add, start, stop and delete devices are
// serialised within the process.
package ublk
