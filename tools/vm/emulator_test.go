package vm

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// brokenQEMU puts a program before QEMU that says words and dies, so many
// times; then it is QEMU. It returns a count of its starts.
func brokenQEMU(t *testing.T, words string, times int) func() int {
	t.Helper()
	real, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		real = "/bin/false"
	}
	dir := t.TempDir()
	starts := filepath.Join(dir, "starts")
	script := fmt.Sprintf("#!/bin/sh\necho >> %[1]s\n[ $(wc -l < %[1]s) -gt %[2]d ] && exec %[3]s \"$@\"\necho '%[4]s'\nexit 1\n",
		starts, times, real, words)
	if err := os.WriteFile(filepath.Join(dir, "qemu-system-x86_64"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() int {
		lines, err := os.ReadFile(starts)
		if err != nil {
			t.Fatal(err)
		}
		return len(lines)
	}
}

const (
	lostChange = "[    2.110743] Oops: int3: 0000 [#1] PREEMPT SMP NOPTI"
	ownBug     = "[    2.110743] Kernel panic - not syncing: Attempted to kill init!"
)

// TestBootAgain: a guest that the emulator broke is started again, a guest that
// fell over something else is not.
func TestBootAgain(t *testing.T) {
	for _, c := range []struct {
		words  string
		starts int
	}{{lostChange, bootTries}, {ownBug, 1}} {
		starts := brokenQEMU(t, c.words, 100)
		_, err := bootBuilt(context.Background(), Config{}, &Built{}, accelTCG)
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: got %v", c.words, err)
		}
		if n := starts(); n != c.starts {
			t.Errorf("%s: %d starts, want %d", c.words, n, c.starts)
		}
	}
}

func TestBootAgainSucceeds(t *testing.T) {
	ctx := guestTest(t)
	if _, err := Build(ctx); err != nil {
		t.Fatal(err)
	}
	starts := brokenQEMU(t, lostChange, 2)
	m := boot(t, ctx, Config{})
	if out := output(t, ctx, m, "echo alive"); out != "alive" || starts() != 3 {
		t.Errorf("%q after %d starts", out, starts())
	}
}
