package server

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/ublk-lc/ublk-lc/logcache/index"
	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

const memoryChild = "LC_MEMORY_CHILD"

// inProcess runs f in a process of its own, since what it does cannot be
// undone, and returns what it prints.
func inProcess(t *testing.T, f func(*testing.T)) string {
	t.Helper()
	if os.Getenv(memoryChild) != "" {
		f(t)
		return ""
	}
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), memoryChild+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "--- SKIP") {
		t.Skip(string(out))
	}
	return string(out)
}

// locked is how many bytes of the mapping that holds addr are in memory, locked.
func locked(t *testing.T, addr *byte) (flags string, bytes int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	here := false
	for line := range strings.Lines(string(text)) {
		var from, to uint64
		var kb int
		if n, _ := fmt.Sscanf(line, "%x-%x", &from, &to); n == 2 {
			at := uint64(uintptr(unsafe.Pointer(addr)))
			here = from <= at && at < to
		} else if n, _ := fmt.Sscanf(line, "Locked: %d kB", &kb); n == 1 && here {
			bytes = kb << 10
		} else if rest, ok := strings.CutPrefix(line, "VmFlags: "); ok && here {
			return rest, bytes
		}
	}
	t.Fatal("no such mapping")
	return "", 0
}

// TestMemoryIsLocked maps memory before and after the server has locked its
// own: both are locked, but only what is used takes memory. An index may be
// left out, and gives memory back all the same.
func TestMemoryIsLocked(t *testing.T) {
	inProcess(t, func(t *testing.T) {
		const size = 64 << 20
		before := mapped(t, size)
		kit.Need(t, kit.Locking)
		if err := lockMemory(); err != nil {
			t.Fatal(err)
		}
		after := mapped(t, size)
		for name, mem := range map[string][]byte{"before": before, "after": after} {
			mem[0] = 1
			flags, bytes := locked(t, &mem[0])
			if !strings.Contains(flags, " lo") || bytes == 0 || bytes >= size {
				t.Errorf("mapped %s: flags %q, %d bytes locked", name, flags, bytes)
			}
		}
		mustGiveBack(t)
	})
}

func mapped(t *testing.T, size int) []byte {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	return mem
}

// mustGiveBack fills an index and empties it: the memory must be gone, although
// it is locked.
func mustGiveBack(t *testing.T) {
	t.Helper()
	const blocks = 1_000_000
	x, err := index.New(blocks)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(blocks) {
		x.Put(1, i, 0xff, int64(i))
	}
	full := residentBytes(t)
	x.RemoveDevice(1)
	if gone := full - residentBytes(t); gone < blocks*12 {
		t.Errorf("an index that was emptied has given only %d bytes back", gone)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

func residentBytes(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var total, resident int
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// TestMemoryNotLocked takes the right to lock memory away: the server must say
// so and what to do, and be able to allocate as before.
func TestMemoryNotLocked(t *testing.T) {
	out := inProcess(t, func(t *testing.T) {
		runtime.LockOSThread()
		little := unix.Rlimit{Cur: 64 << 10, Max: 64 << 10}
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &little); err != nil {
			t.Fatal(err)
		}
		var none [2]unix.CapUserData
		if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
			t.Fatal(err)
		}
		keepMemory(newLog(os.Stdout))
		clear(mapped(t, 1<<20))
	})
	if out != "" && (!strings.Contains(out, "WARN memory is not locked: the limit of locked memory is 65536 bytes") || !strings.Contains(out, "LimitMEMLOCK=infinity")) {
		t.Errorf("it said:\n%s", out)
	}
}
