package main

import (
	"os/exec"
	"path/filepath"
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
