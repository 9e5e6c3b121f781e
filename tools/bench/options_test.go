package main

import (
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-works", "speed,rw4k-qd32,writeback", "-systems", "lc,ssd", "-seconds", "60"})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(o.systems), ","); got != "ssd,lc" && got != "lc,ssd" {
		t.Errorf("systems %s", got)
	}
	if len(o.works) != len(works) {
		t.Errorf("%d works of %d, each once", len(o.works), len(works))
	}
	if o.cacheMB < 60*60e6/1e6 {
		t.Errorf("a cache of %d MiB fills in 60 s", o.cacheMB)
	}
}

func TestOptionsRefused(t *testing.T) {
	for _, args := range []string{"-works nothing", "-systems ssd,", "-rounds 0", "-on /dev/a,/dev/b,/dev/c", "-destroy",
		"-on /dev/a -systems lc", "extra", "-cache 64", "-systems null,cnull", "-counted -systems null,ssd",
		"-dilate 0", "-dilate 10 -on /dev/a,/dev/b"} {
		if _, err := parseOptions(strings.Fields(args)); err == nil {
			t.Errorf("%s was taken", args)
		}
	}
}
