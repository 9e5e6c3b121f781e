package main

import "slices"

// work is something to do on a system.
type work struct {
	name  string
	what  string // for people
	group string
	job   string // file in tests/fio; name if empty
	span  string // part of the device it uses, in fio's words
	small bool   // wants a cache of smallMB
	once  bool   // in the first round only: it takes long
	third bool   // needs $slow, which only a guest has
	only  []string
	score score
	takes func(options) int // seconds, about; nil = as long as options.seconds
	run   func(*trial) (figure, error)
}

// score is the figure that counts in a work.
type score struct {
	name  string
	unit  string
	of    func(figure) float64
	lower bool // is better
}

func (s score) better(a, b float64) bool { return a != b && (a < b) == s.lower }

var (
	byIOPS  = score{"IOPS", "IOPS", iops, false}
	byMBPS  = score{"MB/s", "MB/s", mbps, false}
	byDrain = score{"time until clean", "s", drain, true}
	bySpeed = score{"MB/s once full", "MB/s", steady, false}
	byP99   = score{"p99", "us", p99, true}
	byBytes = score{"bytes to the disk per byte", "", hddBytes, true}
)

func (w work) names() []string { return []string{w.name, w.group, "all"} }

func (w work) file() string {
	if w.job != "" {
		return w.job
	}
	return w.name
}

// on tells whether a system takes part.
func (w work) on(s system) bool { return len(w.only) == 0 || slices.Contains(w.only, s.like()) }

const (
	span    = "200m" // inside the cache
	smallMB = 64
)

var (
	caches  = []string{"writecache", "bcache", "lc"}
	andDisk = append([]string{"hdd"}, caches...)
)

// theLong is how long a work takes that shows what happens in the long run.
func theLong(o options) int { return o.long }

// passes is how long it takes to write so many MiB, at what a disk and an SSD
// that works for a cache do.
func passes(mb int) int { return mb / 45 }

var works = []work{
	{name: "rw4k-qd32", what: "random 4 KiB write, depth 32", group: "speed", span: span, score: byIOPS, run: plain},
	{name: "rw4k-qd1", what: "random 4 KiB write, depth 1, no sync", group: "speed", span: span, score: byIOPS, run: plain},
	{name: "sync4k", what: "4 KiB write + fdatasync, 1 job", group: "speed", span: span, score: byIOPS, run: plain},
	{name: "sync4k-j4", what: "4 KiB write + fdatasync, 4 jobs", group: "speed", span: span, score: byIOPS, run: plain},
	{name: "sync4k-j16", what: "4 KiB write + fdatasync, 16 jobs", group: "speed", span: span, score: byIOPS, run: plain},
	{name: "mix70", what: "70/30 random read/write, depth 16", group: "speed", span: span, score: byIOPS, run: filled},
	{name: "rr4k-qd32", what: "random 4 KiB read of logged data, depth 32", group: "speed", span: span, score: byIOPS, run: filled},
	{name: "seq128k", what: "sequential 128 KiB write, depth 8", group: "speed", span: span, score: byMBPS, run: plain},
	{name: "seq1m", what: "sequential 1 MiB write, depth 4", group: "speed", span: span, score: byMBPS, run: plain},

	{name: "disk4k-qd1", what: "the disk: random 4 KiB write all over it, depth 1", group: "writeback", job: "rw4k-qd1", span: "100%",
		only: []string{"hdd"}, score: byIOPS, run: plain},
	{name: "disk4k-qd32", what: "the disk: random 4 KiB write all over it, depth 32", group: "writeback", job: "rw4k-qd32", span: "100%",
		only: []string{"hdd"}, score: byIOPS, run: plain},
	{name: "drain", what: "drain of 10,000 random dirty 4 KiB blocks over 1 GiB; hdd: fio writing them sorted, depth 32", group: "writeback",
		only: andDisk, score: byDrain, takes: func(options) int { return 25 }, run: drained},
	{name: "full", what: "random 4 KiB write, depth 32, a cache of 64 MiB and a span of 256 MiB", group: "writeback", span: "256m",
		small: true, once: true, only: andDisk, score: bySpeed, takes: theLong, run: series},
	{name: "beside", what: "the same on one of two devices of the cache; the other, on a disk a tenth as fast, gets as much", group: "writeback",
		job: "full", span: "256m", small: true, once: true, third: true, only: []string{"lc"}, score: bySpeed, takes: theLong, run: beside},
	{name: "flood", what: "sequential 1 MiB write of twice the cache's size, no bypass; ssd: of its own size", group: "writeback",
		once: true, only: append([]string{"ssd"}, andDisk...), score: byMBPS, takes: func(o options) int { return passes(2 * o.cacheMB) }, run: flood},
	{name: "flood-bypass", what: "the same with sequential bypass", group: "writeback", job: "flood",
		once: true, only: []string{"bcache", "lc"}, score: byMBPS, takes: func(o options) int { return passes(2 * o.cacheMB) }, run: floodBypass},
	{name: "reads", what: "random 4 KiB read of uncached data, depth 1, while half a cache drains", group: "writeback", job: "uncached",
		only: []string{"hdd", "bcache", "lc"}, score: byP99, takes: func(o options) int { return readsFor(o) + passes(o.cacheMB/2) }, run: readsInDrain},
	{name: "zipf", what: "256 MiB of random 4 KiB writes by Zipf over 1 GiB, depth 32, then a drain", group: "writeback", span: "1g",
		once: true, only: caches, score: byBytes, takes: func(options) int { return 35 }, run: absorbed},
}
