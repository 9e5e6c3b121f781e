package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func exampleRun() results {
	res := results{About: []string{"a guest"}, Rounds: 3, Seconds: 6, Figures: measured(map[string]map[string]float64{
		"rw4k-qd32": {"ssd": 5000, "bcache": 10_000, "lc": 14_000},
		"seq1m":     {"ssd": 60, "lc": 59},
		"full":      {"hdd": 0.8, "writecache": 1.1, "lc": 12},
	})}
	res.Verdicts = judge(tabulate(res.Figures))
	return res
}

func TestReport(t *testing.T) {
	var b bytes.Buffer
	report(&b, exampleRun())
	for _, want := range []string{
		"- a guest\n",
		"| random 4 KiB write, depth 32 | lc | 97.5 % of the bare SSD's sequential bandwidth | ≥ 14282 | 14000 | **not met** |",
		"Device limit: the SSD's sequential bandwidth, 14648 IOPS.",
		"| system | IOPS | of the limit | of the best peer (bcache) |",
		"| bcache | 10000 (9000–12000) | 0.683 x | 1 x |",
		"| lc | 59.0 (53.1–70.8) | 0.983 x |",
		"| 98 % of the bare SSD: met |",
		"seconds without progress",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in the report", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", b.String())
	}
}

func TestPlotsAreDrawn(t *testing.T) {
	dir := t.TempDir()
	if err := plots(dir, exampleRun().Figures); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rw4k-qd32.svg", "rw4k-qd32-latency.svg", "full-time.svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Contains(text, []byte("<svg")) || !bytes.Contains(text, []byte(">lc<")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Figures that are all zero are drawn too.
func TestPlotsOfNothing(t *testing.T) {
	if err := plots(t.TempDir(), []figure{{System: "lc", Work: "rw4k-qd32"}, {System: "lc", Work: "full", Series: []float64{0, 0}}}); err != nil {
		t.Error(err)
	}
}
