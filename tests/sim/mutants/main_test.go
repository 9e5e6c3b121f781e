package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// Every mutant still fits the code: one that does not would end the long campaign
// when it comes to it.
func TestMutantsFit(t *testing.T) {
	kit.Need(t, kit.Tools("patch"))
	patches, err := filepath.Glob("../testdata/mutants/*.patch")
	if err != nil || len(patches) == 0 {
		t.Fatalf("no mutants: %v", err)
	}
	for _, p := range patches {
		abs, err := filepath.Abs(p)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("patch", "-s", "-p1", "--dry-run", "-i", abs)
		cmd.Dir = "../../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", filepath.Base(p), err, out)
		}
	}
}

// A trial that was late kills a mutant only if one test was to blame.
func TestVerdict(t *testing.T) {
	const late = "ok so far\npanic: test timed out after 8m0s\n\trunning tests:\n\t\tTestP6Lies (%s)\n\ngoroutine 1"
	for _, c := range []struct {
		out, want string
		err       bool
	}{
		{strings.Replace(late, "%s", "7m10s", 1), "TestP6Lies, which hangs", false},
		{strings.Replace(late, "%s", "12s", 1), "", true},
		{"panic: index out of range", "./tests/sim: it panics", false},
	} {
		if got, err := verdict([]byte(c.out), []string{"./tests/sim"}); got != c.want || (err != nil) != c.err {
			t.Errorf("%q: %q, %v; want %q", c.out, got, err, c.want)
		}
	}
}
