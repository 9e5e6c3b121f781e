package uring

import (
	"runtime"
	"sync"
)

// A thread that waits in a system call normally gives its scheduler slot (a P)
// away, and must get one back before Go code runs again. For a thread that
// waits thousands of times a second that hand-over is most of the cost: the
// runtime's monitor thread never rests, and at depth 1 half of the time goes
// there. So a ring that belongs to one thread keeps the slot while it waits, and
// brings one slot more to the process for it. When the runtime needs the thread,
// to stop the world or to scan its stack, it sends a signal, which ends the
// wait. It sends one after 10 ms of waiting as well, and then the ring is taken
// to be idle and waits in the normal way.

var procs sync.Mutex // guards the read and write of GOMAXPROCS

// holdSlot adds n scheduler slots to the process.
func holdSlot(n int) {
	procs.Lock()
	defer procs.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}
