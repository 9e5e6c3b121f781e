package kit

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ability is something that a machine has or lacks.
type Ability struct {
	name     string
	check    func() error // why it lacks it
	required func() bool  // whether it should have it; nil = no machine has to
}

// Need skips a test on a machine that lacks something, and fails it on one that
// should have it, so that a test that never runs does not pass for one that
// succeeds. It asks the machine and not the code under test: what a test does
// with its abilities afterwards has to work.
func Need(t testing.TB, abilities ...Ability) {
	t.Helper()
	for _, a := range abilities {
		err := a.check()
		switch {
		case err == nil:
		case a.required != nil && a.required():
			t.Fatalf("this machine should have %s: %v", a.name, err)
		default:
			t.Skipf("this machine lacks %s: %v", a.name, err)
		}
	}
}

// Has tells whether the machine has an ability, for tests that go another way
// without it.
func Has(a Ability) bool { return a.check() == nil }

// inGuest tells whether this is a guest of tools/vm, which brings all that its
// tests need.
func inGuest() bool { return os.Getenv("LC_GUEST") != "" }

// Root is to be the superuser.
var Root = Ability{name: "root", required: inGuest, check: func() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("run by user %d", os.Geteuid())
	}
	return nil
}}

// Ublk is the driver in the kernel.
var Ublk = Ability{name: "ublk", required: inGuest, check: func() error {
	if err := unix.Access("/dev/ublk-control", unix.R_OK|unix.W_OK); err != nil {
		return fmt.Errorf("/dev/ublk-control: %w; make test-vm runs this in a guest", err)
	}
	return nil
}}

// Uring is io_uring in the kernel, for this user.
var Uring = Ability{name: "io_uring", required: inGuest, check: func() error {
	var params [120]byte
	fd, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}}

// Loop is loop devices, and root to make some.
var Loop = Ability{name: "loop devices", required: inGuest, check: func() error {
	if err := errors.Join(Root.check(), toolsOf("losetup")); err != nil {
		return err
	}
	fd, err := unix.Open("/dev/loop-control", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("/dev/loop-control: %w", err)
	}
	return unix.Close(fd)
}}

// Direct is direct I/O on files of a folder, in pieces of so many bytes.
func Direct(dir string, piece int) Ability {
	return Ability{name: fmt.Sprintf("direct I/O of %d bytes in %s", piece, dir), check: func() error {
		path := filepath.Join(dir, fmt.Sprintf("lc-direct-%d", os.Getpid()))
		defer os.Remove(path)
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_DIRECT|unix.O_CLOEXEC, 0o600)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		mem, err := unix.Mmap(-1, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
		if err != nil {
			return err
		}
		defer unix.Munmap(mem)
		_, err = unix.Pwrite(fd, mem[:piece], int64(piece))
		return err
	}}
}

// Locking is to lock as much memory as it takes.
var Locking = Ability{name: "memory that may be locked", check: func() error {
	const much = 1 << 30
	mem, err := unix.Mmap(-1, 0, much, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_NORESERVE)
	if err != nil {
		return err
	}
	defer unix.Munmap(mem)
	if _, _, errno := unix.Syscall(unix.SYS_MLOCK2, uintptr(unsafe.Pointer(&mem[0])), much, unix.MLOCK_ONFAULT); errno != 0 {
		return errno
	}
	return nil
}}

// CPUs is to have so many at least.
func CPUs(n int) Ability {
	return Ability{name: fmt.Sprintf("%d CPUs", n), check: func() error {
		if runtime.NumCPU() < n {
			return fmt.Errorf("it has %d", runtime.NumCPU())
		}
		return nil
	}}
}

// besides are tools of which tools/deps installs none, because others test the
// same.
var besides = map[string]bool{"fio": true, "mkfs.f2fs": true, "mkfs.vfat": true, "mkfs.ntfs": true}

// Tools are programs in the PATH. Root on Debian should have those that `make
// deps` installs.
func Tools(names ...string) Ability {
	return Ability{
		name:  "all tools",
		check: func() error { return toolsOf(names...) },
		required: func() bool {
			for _, name := range names {
				if !besides[name] && toolsOf(name) != nil && os.Geteuid() == 0 && toolsOf("dpkg-query") == nil {
					return true
				}
			}
			return false
		},
	}
}

func toolsOf(names ...string) error {
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%w; `make deps` installs what tests need", err)
		}
	}
	return nil
}
