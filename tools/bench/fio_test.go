package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestParseFio(t *testing.T) {
	text, err := os.ReadFile("testdata/sync4k.json")
	if err != nil {
		t.Fatal(err)
	}
	j, err := parseFio("fio: a warning\n" + string(text) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	f := j.figure()
	if f.WriteIOPS < 4655 || f.WriteIOPS > 4656 || f.ReadIOPS != 0 {
		t.Errorf("%v writes/s, %v reads/s", f.WriteIOPS, f.ReadIOPS)
	}
	// What counts is the sync, which takes ten times as long as the write.
	if f.P50us != 193.536 || f.P99us != 358.4 || f.P999us != 1220.608 {
		t.Errorf("percentiles %v, %v, %v", f.P50us, f.P99us, f.P999us)
	}
}

func TestParseFioRefuses(t *testing.T) {
	for _, text := range []string{"", "fio: no such file", `{"jobs": []}`, `{"jobs": [{"error": 5}]}`, "} {"} {
		if _, err := parseFio(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestParseLog(t *testing.T) {
	// Nothing was done in the third second, and the times are a little late.
	got, err := parseLog("1000, 1000, 1, 0, 0\n2003, 2000, 1, 0, 0\n4001, 500, 1, 0, 0\n")
	if err != nil || !slices.Equal(got, []float64{1.024, 2.048, 0, 0.512}) {
		t.Errorf("%v, %v", got, err)
	}
	var late strings.Builder
	for i := range 300 {
		fmt.Fprintf(&late, "%d, 1000, 1, 0, 0\n", 1005*(i+1))
	}
	if got, err := parseLog(late.String()); err != nil || len(got) != 300 || slices.Min(got) == 0 {
		t.Errorf("300 seconds that are a little longer: %v, %v", got, err)
	}
	if _, err := parseLog("what\n"); err == nil {
		t.Error("nonsense was taken")
	}
}

func TestBusy(t *testing.T) {
	got, err := busy("cpu  100 10 200 99999 50 5 6 0 0 0")
	if err != nil || got != 3.21 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := busy("intr 5"); err == nil {
		t.Error("nonsense was taken")
	}
}
