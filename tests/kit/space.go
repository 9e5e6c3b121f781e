package kit

import (
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// LimitSpace lets the process take so many bytes of address space more while f
// runs, and no more than that. It is for what takes much at once: the Go
// runtime, which does not survive that, has some megabytes left for small
// things.
func LimitSpace(t testing.TB, more uint64, f func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &before); err != nil {
		t.Fatal(err)
	}
	_ = make([]byte, 16<<20)
	runtime.GC() // so that these are there without more address space
	now := before
	now.Cur = SpaceTaken(t) + more
	if err := unix.Setrlimit(unix.RLIMIT_AS, &now); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_AS, &before); err != nil {
			t.Fatal(err)
		}
	}()
	f()
}

// SpaceTaken is how much address space the process has, in bytes.
func SpaceTaken(t testing.TB) (bytes uint64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(text), &bytes); err != nil {
		t.Fatal(err)
	}
	return bytes * uint64(os.Getpagesize())
}
