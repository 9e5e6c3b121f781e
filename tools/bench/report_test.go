package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the example's charts for tools/plots anew")

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

// The charts are what tools/plots draws in its own test. With -update they are
// written there.
func TestCharts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "charts.json")
	if err := saveCharts(path, charts(exampleRun().Figures)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "../plots/testdata/charts.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the charts of the example are others than in %s: %v\n%s", golden, err, got)
	}
}
