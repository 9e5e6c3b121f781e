package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sample() []figure {
	var res []figure
	for round := range 3 {
		for i, s := range []string{"ssd", "bcache", "lc"} {
			f := float64(1000 * (i + 1) * (round + 1))
			res = append(res, figure{System: s, Work: "rw4k-qd32", Round: round, WriteIOPS: f, MBPS: f / 250, P50us: 100, P99us: 1000, P999us: 9000})
		}
	}
	return res
}

func TestReportTakesMedians(t *testing.T) {
	var b bytes.Buffer
	report(&b, sample())
	if !strings.Contains(b.String(), "| random 4 KiB write, depth 32 | 2000 (1000–3000) | 4000 (2000–6000) | 6000 (3000–9000) |") {
		t.Errorf("report:\n%s", b.String())
	}
}

func TestPlotsAreDrawn(t *testing.T) {
	dir := t.TempDir()
	if err := plots(dir, sample()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"rw4k-qd32.svg", "rw4k-qd32-latency.svg"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Contains(b, []byte("<svg")) || !bytes.Contains(b, []byte("bcache")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
