package main

import (
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	o, err := parseOptions(strings.Fields("-works all -systems all -rounds 3"))
	if err != nil {
		t.Fatal(err)
	}
	count := func(work, system string, third bool) (n int) {
		for round := range o.rounds {
			for _, p := range o.round(round, third) {
				if p.work.name == work && p.sys.name == system {
					n++
				}
			}
		}
		return n
	}
	for _, c := range []struct {
		work, system string
		third        bool
		want         int
	}{
		{"rw4k-qd1", "lc", true, 3},
		{"rw4k-qd1", "dmcache", true, 1}, // a reference
		{"rw4k-qd1", "lc2", true, 0},     // only when it is named
		{"drain", "hdd", true, 3},        // others are compared with it
		{"drain", "dmcache", true, 0},
		{"full", "writecache", true, 1},
		{"beside", "lc", true, 1},
		{"beside", "lc", false, 0},
	} {
		if n := count(c.work, c.system, c.third); n != c.want {
			t.Errorf("%s on %s, third disk %v: %d times, want %d", c.work, c.system, c.third, n, c.want)
		}
	}
	var b strings.Builder
	if o.plan(&b, true); !strings.Contains(b.String(), " trials in 3 rounds, about ") {
		t.Errorf("plan %q", b.String())
	}
	t.Log(b.String())
}

// A trial that hangs ends, and one that a system has no means for is no failure.
func TestPatience(t *testing.T) {
	tr, s := fakeTrial(t, "lc", "flood-bypass")
	if p, long := tr.work.patience(tr.o), tr.work.lasts(tr.o); p < 2*long {
		t.Errorf("%v for a work of %v", p, long)
	}
	var res results
	s.says = "this lc has no sequential_cutoff"
	if err := res.add(t.Context(), s, tr.o, 0); err != nil || len(res.Failures) != 0 || len(res.Figures) != 0 {
		t.Errorf("%+v, %v", res, err)
	}
}
