package main

import "fmt"

// target is what our cache has to reach in a work. What that means in numbers
// follows from what the same run measured on the others.
type target struct {
	work string
	text string
	of   func(figure) float64 // nil means the work's score
	// need is the bound for one of our systems; !ok means that something it
	// depends on was not measured.
	need func(all []table, ours string) (bound float64, ok bool)
	most bool // the bound is an upper one
	// within is what no cache of this kind can do more than; nil means that
	// nothing is known to be in the way.
	within func(all []table) (bound float64, why string, ok bool)
}

// verdict is a target as a run judges it.
type verdict struct {
	Work   string  `json:"work"`
	System string  `json:"system"`
	Target string  `json:"target"`
	Need   float64 `json:"need"`
	Most   bool    `json:"need_is_upper_bound"`
	Got    float64 `json:"got"`
	Known  bool    `json:"known"` // false if the run lacks what it takes to judge
	Met    bool    `json:"met"`
	// Limit is why the bound is out of reach for the devices of this run.
	Limit string `json:"limit,omitempty"`
}

func (v verdict) String() string {
	switch {
	case !v.Known:
		return "not measured"
	case v.Met:
		return "met"
	}
	return "not met"
}

// times is a multiple of what a system does in a work.
func times(factor float64, work, system string) func([]table, string) (float64, bool) {
	return func(all []table, _ string) (float64, bool) {
		v, ok := value(all, work, system)
		return factor * v, ok
	}
}

// own is a multiple of what our same system does in another work.
func own(factor float64, work string) func([]table, string) (float64, bool) {
	return func(all []table, ours string) (float64, bool) {
		v, ok := value(all, work, ours)
		return factor * v, ok
	}
}

// peer is a multiple of the best peer.
func peer(factor float64, work string) func([]table, string) (float64, bool) {
	return func(all []table, _ string) (float64, bool) {
		t, _ := find(all, work)
		r, ok := t.bestPeer()
		return factor * r.value, ok
	}
}

// both is the larger of two bounds.
func both(a, b func([]table, string) (float64, bool)) func([]table, string) (float64, bool) {
	return func(all []table, ours string) (float64, bool) {
		x, okX := a(all, ours)
		y, okY := b(all, ours)
		return max(x, y), okX && okY
	}
}

func fixed(v float64) func([]table, string) (float64, bool) {
	return func([]table, string) (float64, bool) { return v, true }
}

// sequentialIOPS is the SSD's sequential bandwidth in blocks of 4 KiB.
func sequentialIOPS(factor float64) func([]table, string) (float64, bool) {
	return times(factor*1e6/4096, "seq1m", "ssd")
}

// nullAndSSD is the rate of one who pays the path through ublk, and then one
// log write and one flush, each once.
func nullAndSSD(factor float64) func([]table, string) (float64, bool) {
	return func(all []table, _ string) (float64, bool) {
		null, okNull := value(all, "sync4k", "null")
		ssd, okSSD := value(all, "sync4k", "ssd")
		if !okNull || !okSSD || null == 0 || ssd == 0 {
			return 0, false
		}
		return factor / (1/null + 1/ssd), true
	}
}

// theSSD is in the way of what passes it byte for byte.
func theSSD(all []table) (float64, string, bool) {
	v, ok := value(all, "flood", "ssd")
	return v, fmt.Sprintf("every byte passes the SSD, and the bare SSD writes %s MB/s", amount(v)), ok
}

var targets = []target{
	{work: "rw4k-qd32", text: "97.5 % of the bare SSD's sequential bandwidth", need: sequentialIOPS(0.975)},
	{work: "rw4k-qd32", text: "at most 1.02 bytes to the SSD per byte", of: ssdBytes, need: fixed(1.02), most: true},
	{work: "rw4k-qd1", text: "90 % of our null device", need: times(0.9, "rw4k-qd1", "null")},
	{work: "sync4k", text: "95 % of 1/(t null + t SSD)", need: nullAndSSD(0.95)},
	{work: "sync4k", text: "at most 1.2 bytes to the SSD per byte", of: ssdBytes, need: fixed(1.2), most: true},
	{work: "sync4k-j4", text: "the bare SSD, and 1.5 x the best peer", need: both(times(1, "sync4k-j4", "ssd"), peer(1.5, "sync4k-j4"))},
	{work: "sync4k-j16", text: "the bare SSD, and 1.5 x the best peer", need: both(times(1, "sync4k-j16", "ssd"), peer(1.5, "sync4k-j16"))},
	{work: "sync4k-j16", text: "2 x the same with 4 jobs", need: own(2, "sync4k-j4")},
	{work: "mix70", text: "the bare SSD, and 1.2 x the best peer", need: both(times(1, "mix70", "ssd"), peer(1.2, "mix70"))},
	{work: "rr4k-qd32", text: "the best peer, and 90 % of the bare SSD", need: both(times(0.9, "rr4k-qd32", "ssd"), peer(1, "rr4k-qd32"))},
	{work: "seq128k", text: "98 % of the bare SSD", need: times(0.98, "seq128k", "ssd")},
	{work: "seq1m", text: "98 % of the bare SSD", need: times(0.98, "seq1m", "ssd")},
	{work: "drain", text: "at most 1.25 x fio sorted on the bare disk", need: times(1.25, "drain", "hdd"), most: true},
	{work: "full", text: "10 x dm-writecache", need: times(10, "full", "writecache")},
	{work: "full", text: "no second without progress", of: stalls, need: fixed(0), most: true},
	{work: "beside", text: "80 % of the same without the other device", need: own(0.8, "full")},
	{work: "flood", text: "80 % of the bare disk", need: times(0.8, "flood", "hdd"), within: theSSD},
	{work: "flood", text: "80 % of the bare disk in every second", of: least, need: times(0.8, "flood", "hdd"), within: theSSD},
	{work: "flood-bypass", text: "90 % of the bare disk", need: times(0.9, "flood", "hdd")},
	{work: "flood-bypass", text: "90 % of the bare disk in every second", of: least, need: times(0.9, "flood", "hdd")},
	{work: "reads", text: "p99 at most 2 x the idle disk's", need: times(2, "reads", "hdd"), most: true},
}

// judge holds our systems to the targets of the works they did.
func judge(all []table) []verdict {
	var list []verdict
	for _, t := range all {
		for _, s := range systems {
			r, ok := t.row(s.name)
			if !ok || !s.ours {
				continue
			}
			for _, g := range targets {
				if g.work == t.work.name {
					list = append(list, g.judge(all, r))
				}
			}
		}
	}
	return list
}

func (g target) judge(all []table, r row) verdict {
	v := verdict{Work: g.work, System: r.system, Target: g.text, Most: g.most, Got: r.value}
	if g.of != nil {
		v.Got = g.of(r.median)
	}
	v.Need, v.Known = g.need(all, r.system)
	v.Met = v.Known && (v.Got >= v.Need && !g.most || v.Got <= v.Need && g.most)
	if g.within != nil && v.Known && !v.Met {
		if bound, why, ok := g.within(all); ok && bound < v.Need {
			v.Limit = why
		}
	}
	return v
}

// limit is what the devices do in a work, as a value of
// the work's score.
func limit(all []table, work string) (bound float64, name string, ok bool) {
	l, known := limits[work]
	if !known {
		return 0, "", false
	}
	bound, ok = l.need(all, "lc")
	return bound, l.text, ok
}

// limits say what a work is compared with. Where a log turns random writes into
// sequential ones, or one flush serves many, the bare device is no upper bound.
var limits = map[string]target{
	"rw4k-qd32":  {text: "the SSD's sequential bandwidth", need: sequentialIOPS(1)},
	"rw4k-qd1":   {text: "our null device", need: times(1, "rw4k-qd1", "null")},
	"sync4k":     {text: "1/(t null + t SSD)", need: nullAndSSD(1)},
	"sync4k-j4":  {text: "the bare SSD", need: times(1, "sync4k-j4", "ssd")},
	"sync4k-j16": {text: "the bare SSD", need: times(1, "sync4k-j16", "ssd")},
	"mix70":      {text: "the bare SSD", need: times(1, "mix70", "ssd")},
	"rr4k-qd32":  {text: "the bare SSD", need: times(1, "rr4k-qd32", "ssd")},
	"seq128k":    {text: "the bare SSD", need: times(1, "seq128k", "ssd")},
	"seq1m":      {text: "the bare SSD", need: times(1, "seq1m", "ssd")},
	"drain":      {text: "fio sorted on the bare disk", need: times(1, "drain", "hdd")},
	"full":       {text: "the bare disk", need: times(1, "full", "hdd")},
	"beside":     {text: "the same without the other device", need: own(1, "full")},
	"flood":      {text: "the bare disk", need: times(1, "flood", "hdd")},

	"flood-bypass": {text: "the bare disk", need: times(1, "flood", "hdd")},
	"reads":        {text: "the idle disk", need: times(1, "reads", "hdd")},
}

// amount prints a score with the digits that mean something.
func amount(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v == 0:
		return "0"
	}
	return fmt.Sprintf("%.3f", v)
}
