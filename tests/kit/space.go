package kit

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// LimitSpace lets the process take so many bytes of address space more while f runs,
// and no more than that. It is for what takes very much at once: leave the Go runtime
// some for itself.
func LimitSpace(t testing.TB, more uint64, f func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &before); err != nil {
		t.Fatal(err)
	}
	now := before
	now.Cur = spaceTaken(t) + more
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

// spaceTaken is how much address space the process has, in bytes.
func spaceTaken(t testing.TB) (bytes uint64) {
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
