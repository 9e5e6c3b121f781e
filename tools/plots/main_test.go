package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The charts in testdata are those that the benchmark's own test writes.
func TestChartsAreDrawn(t *testing.T) {
	text, err := os.ReadFile("testdata/charts.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "charts.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := drawAll(filepath.Join(dir, "charts.json")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rw4k-qd32.svg", "rw4k-qd32-latency.svg", "full-time.svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Contains(text, []byte("<svg")) || !bytes.Contains(text, []byte(">lc<")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Values that are all zero are drawn too.
func TestNothingIsDrawn(t *testing.T) {
	for _, kind := range []string{"bars", "points", "lines"} {
		c := chart{Name: kind, Kind: kind, Names: []string{"a", "b"}, Series: []series{{"lc", []float64{0, 0}}}}
		if err := c.draw(filepath.Join(t.TempDir(), "x.svg")); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestUnknownKind(t *testing.T) {
	if err := (chart{Kind: "pie"}).draw(filepath.Join(t.TempDir(), "x.svg")); err == nil {
		t.Error("a pie was drawn")
	}
}
