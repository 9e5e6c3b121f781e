package server

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// collectAt is how far the Go heap may grow before it is collected, in % of
	// what is alive. The heap holds tables and the control side, some MB: what
	// is large lies outside, and the path of a request allocates nothing.
	collectAt = 400
	// heapShare is the part of the machine's memory in which garbage is
	// tolerated at all: 1/heapShare.
	heapShare = 16
	// leastHeap is what the heap may take on any machine, in bytes.
	leastHeap = 256 << 20
)

// keepMemory sees to it that the server, on which the system's own paging may
// depend, never waits for memory that is to be paged in or written out. What
// cannot be had is told, and the server runs without.
func keepMemory(log *slog.Logger) {
	if err := lockMemory(); err != nil {
		log.Warn(fmt.Sprintf("memory is not locked: %v. If the machine swaps, devices stall, and may hang if it swaps to one of them. "+
			"Run the server as root, or as a service with LimitMEMLOCK=infinity", err))
	}
	if err := flushIO(); err != nil {
		log.Warn(fmt.Sprintf("threads are not marked as serving block devices: %v. When memory is short, the server may wait for its own "+
			"devices. %s", err, flushIOTakes(err)))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(leastHeap, int64(totalMemory()/heapShare)))
	}
}

// lockMemory locks all memory of the process, what it has and what it will get,
// each page from its first use on: the program, its heap, RAM buffers, the
// buffers of requests, and the index, of which most is only reserved.
//
// Under a limit, a lock would make a later allocation fail: there must be none,
// or it must not be ours.
func lockMemory() error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil && !mayLock() {
		if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
			return fmt.Errorf("get the limit of locked memory: %w", err)
		}
		if limit.Cur != unix.RLIM_INFINITY {
			return fmt.Errorf("the limit of locked memory is %d bytes, and cannot be raised", limit.Cur)
		}
	}
	if err := unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT); err != nil {
		return fmt.Errorf("lock memory: %w", err)
	}
	return nil
}

// mayLock tells whether limits of locked memory do not apply.
func mayLock() bool {
	var own [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &own[0])
	return err == nil && own[0].Effective&(1<<unix.CAP_IPC_LOCK) != 0
}

// flushIO marks all threads, and those that they start: when the kernel looks
// for memory on one of them, as at a page fault, it does not write to block
// devices, which may be ours.
func flushIO() error {
	if _, _, err := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, unix.PR_SET_IO_FLUSHER, 1, 0); err != 0 {
		return err
	}
	return nil
}

// flushIOTakes is what would have to be otherwise. With cgo the runtime does
// not know all threads, and says that this is not supported.
func flushIOTakes(err error) string {
	if errors.Is(err, syscall.ENOTSUP) {
		return "It takes a program that is built without cgo (CGO_ENABLED=0)"
	}
	return "It takes CAP_SYS_RESOURCE"
}

// totalMemory is the machine's, in bytes; 0 if it is not known.
func totalMemory() uint64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return uint64(info.Totalram) * uint64(info.Unit)
}
