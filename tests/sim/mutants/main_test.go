package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Every mutant still fits the code: one that does not would end the long campaign
// when it comes to it.
func TestMutantsFit(t *testing.T) {
	if _, err := exec.LookPath("patch"); err != nil {
		t.Skip("there is no patch program: make deps installs it")
	}
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
