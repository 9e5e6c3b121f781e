package kit

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Disk makes a file of so many bytes that stands for a disk, all zeroes, and
// returns its path. It takes up no room until it is written to, and goes with
// the test.
func Disk(t testing.TB, name string, size int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, size)); err != nil {
		t.Fatal(err)
	}
	return path
}

// LoopDevice puts a loop device over a file until the end of the test, and
// returns its path. Options are those of losetup.
func LoopDevice(t testing.TB, file string, options ...string) string {
	t.Helper()
	Need(t, Loop)
	dev := strings.TrimSpace(Run(t, "losetup", append(options, "--find", "--show", file)...))
	t.Cleanup(func() { Run(t, "losetup", "--detach", dev) })
	return dev
}

// Run runs a tool, which has to be there and to succeed, and returns what it
// prints.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	Need(t, Tools(name))
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
