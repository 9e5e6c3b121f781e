package main

import (
	"math"
	"testing"
)

// measured is a run in which each system did its works three times, the middle
// one at the given score.
func measured(scores map[string]map[string]float64) []figure {
	var figs []figure
	for w, systems := range scores {
		for s, v := range systems {
			for round, spread := range []float64{0.9, 1, 1.2} {
				f := figure{System: s, Work: w, Round: round, SSDBytes: 1.1}
				f.WriteIOPS, f.MBPS, f.P99us, f.Drain = v*spread, v*spread, v*spread, v*spread
				f.Series = []float64{50, v * spread}
				figs = append(figs, f)
			}
		}
	}
	return figs
}

func verdicts(scores map[string]map[string]float64) map[string]verdict {
	by := map[string]verdict{}
	for _, v := range judge(tabulate(measured(scores))) {
		by[v.Work+": "+v.Target] = v
	}
	return by
}

func TestTargets(t *testing.T) {
	type scores = map[string]map[string]float64
	for _, c := range []struct {
		name, verdict string
		scores        scores
		need          float64
		met           bool
	}{
		{"58 MB/s in blocks of 4 KiB", "rw4k-qd32: 97.5 % of the bare SSD's sequential bandwidth",
			scores{"rw4k-qd32": {"lc": 14_000}, "seq1m": {"ssd": 58}}, 58e6 / 4096 * 0.975, true},
		{"too many bytes", "rw4k-qd32: at most 1.02 bytes to the SSD per byte", scores{"rw4k-qd32": {"lc": 1}}, 1.02, false},
		{"few enough", "sync4k: at most 1.2 bytes to the SSD per byte", scores{"sync4k": {"lc": 1}}, 1.2, true},
		{"slower than null", "rw4k-qd1: 90 % of our null device", scores{"rw4k-qd1": {"lc": 4400, "null": 5000}}, 4500, false},
		{"times add up", "sync4k: 95 % of 1/(t null + t SSD)",
			scores{"sync4k": {"lc": 290, "null": 1200, "ssd": 400}}, 0.95 * 300, true},
		{"the SSD is the higher bound", "sync4k-j4: the bare SSD, and 1.5 x the best peer",
			scores{"sync4k-j4": {"lc": 800, "ssd": 815, "bcache": 500, "dmcache": 100}}, 815, false},
		{"the peer is the higher bound", "sync4k-j4: the bare SSD, and 1.5 x the best peer",
			scores{"sync4k-j4": {"lc": 900, "ssd": 815, "bcache": 500, "writecache": 600}}, 900, true},
		{"many jobs, the same bound", "sync4k-j16: the bare SSD, and 1.5 x the best peer",
			scores{"sync4k-j16": {"lc": 1500, "ssd": 1600, "bcache": 900}}, 1600, false},
		{"group commit", "sync4k-j16: 2 x the same with 4 jobs",
			scores{"sync4k-j16": {"lc": 1700}, "sync4k-j4": {"lc": 800, "ssd": 1}}, 1600, true},
		{"slow drain", "drain: at most 1.25 x fio sorted on the bare disk", scores{"drain": {"lc": 13, "hdd": 10}}, 12.5, false},
		{"fast drain", "drain: at most 1.25 x fio sorted on the bare disk", scores{"drain": {"lc": 12, "hdd": 10}}, 12.5, true},
		{"full log", "full: 10 x dm-writecache", scores{"full": {"lc": 12, "writecache": 1.1}}, 11, true},
		{"no stall", "full: no second without progress", scores{"full": {"lc": 12}}, 0, true},
		{"a stall", "full: no second without progress", scores{"full": {"lc": 0}}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, ok := verdicts(c.scores)[c.verdict]
			if !ok || !v.Known || v.Met != c.met || math.Abs(v.Need-c.need) > 1e-6 {
				t.Errorf("found %v: %+v, want %v and met %v", ok, v, c.need, c.met)
			}
		})
	}
}

// A target beyond what the devices do says so, and stays a target.
func TestTargetsOutOfReach(t *testing.T) {
	const name = "flood: 80 % of the bare disk"
	for _, c := range []struct {
		ssd, lc float64
		out     bool
	}{{60, 49, true}, {200, 49, false}, {60, 100, false}} {
		v := verdicts(map[string]map[string]float64{"flood": {"hdd": 120, "ssd": c.ssd, "lc": c.lc}})[name]
		if out := v.Limit != ""; out != c.out || v.Met != (c.lc >= 96) || v.Need != 96 {
			t.Errorf("%+v: %+v", c, v)
		}
	}
}

// What a target depends on may not have been measured.
func TestTargetsUnknown(t *testing.T) {
	for name, v := range verdicts(map[string]map[string]float64{
		"sync4k":    {"lc": 300, "ssd": 400},
		"sync4k-j4": {"lc": 300, "ssd": 100},
		"drain":     {"lc": 9},
	}) {
		if known := v.Target == "at most 1.2 bytes to the SSD per byte"; v.Known != known || v.Met && !known {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// Every target and every limit is one of a work that exists.
func TestTargetsHaveWorks(t *testing.T) {
	known := map[string]bool{}
	for _, w := range works {
		known[w.name] = true
	}
	for _, g := range targets {
		if !known[g.work] {
			t.Errorf("target of %q", g.work)
		}
	}
	for name := range limits {
		if !known[name] {
			t.Errorf("limit of %q", name)
		}
	}
}

func TestMediansAndPeers(t *testing.T) {
	all := tabulate(measured(map[string]map[string]float64{
		"rw4k-qd32": {"ssd": 5000, "bcache": 9000, "writecache": 8000, "lc": 14_000},
		"drain":     {"bcache": 60, "writecache": 50, "lc": 9},
	}))
	for work, want := range map[string]string{"rw4k-qd32": "bcache", "drain": "writecache"} {
		tab, _ := find(all, work)
		if best, ok := tab.bestPeer(); !ok || best.system != want {
			t.Errorf("best peer in %s: %q, want %q", work, best.system, want)
		}
	}
	tab, _ := find(all, "rw4k-qd32")
	if r, ok := tab.row("ssd"); !ok || r.value != 5000 || r.least != 4500 || r.most != 6000 || r.rounds != 3 {
		t.Errorf("%+v", r)
	}
	if even, _ := summarize(measured(map[string]map[string]float64{"drain": {"lc": 10}})[:2], tab.work, "lc"); even.rounds != 0 {
		t.Errorf("figures of another work: %+v", even)
	}
}
