package main

import (
	"context"
	"fmt"
	"strings"
)

// trial is a work that is being done on a system which is up.
type trial struct {
	ctx  context.Context
	site site
	sys  system
	work work
	o    options
}

// Where a cache smaller than the SSD lies: apart from the SSD's start, where a
// second look at it would find the same superblock.
const (
	sliceName = "lcbench-cache"
	sliceAt   = "32768" // sectors
)

// cacheMB is the size of the cache device.
func (t *trial) cacheMB() int {
	if t.work.small {
		return smallMB
	}
	return t.o.cacheMB
}

// slice tells whether the cache device is a part of the SSD.
func (t *trial) slice() bool { return int64(t.cacheMB())<<20 != t.site.whole() }

// prelude sets the variables of a system's scripts.
func (t *trial) prelude() string {
	cache := "$ssd"
	if t.slice() {
		cache = "/dev/mapper/" + sliceName
	}
	return fmt.Sprintf("cache=%s; cachemb=%d\n", cache, t.cacheMB())
}

// script runs a script that must succeed.
func (t *trial) script(what, text string) (string, error) {
	out, err := t.site.script(t.ctx, t.prelude()+text)
	return out, must(what, out, err)
}

// job is one run of fio.
type job struct {
	file    string
	span    string
	seconds int
	vars    []string // more variables of the job file
}

// sample is what a run of fio told.
type sample struct {
	fioJob
	cpu float64 // seconds
}

// fio runs a job. The figures of CPUs are taken beside it, in one script: a
// command more costs as much as many operations. An old log goes first, as fio
// would append to it.
func (t *trial) fio(j job) (sample, error) {
	vars := append([]string{"FILENAME=$dev", "SIZE=" + j.span, fmt.Sprintf("RUNTIME=%d", j.seconds)}, j.vars...)
	script := fmt.Sprintf(`dev=%s; [ -b "$dev" ] || { echo "$dev is no block device" >&2; exit 1; }
export %s
grep '^cpu ' /proc/stat
rm -f $tmp/fio.json $tmp/log_bw.log
fio --output-format=json --output=$tmp/fio.json %s >&2
grep '^cpu ' /proc/stat
cat $tmp/fio.json`, t.sys.dev, strings.Join(vars, " "), jobPath(j.file))
	out, err := t.script("fio "+j.file, script)
	if err != nil {
		return sample{}, err
	}
	lines := strings.SplitN(out, "\n", 3)
	if len(lines) < 3 {
		return sample{}, fmt.Errorf("fio %s printed %q", j.file, out)
	}
	before, err := busy(lines[0])
	if err != nil {
		return sample{}, err
	}
	after, err := busy(lines[1])
	if err != nil {
		return sample{}, err
	}
	parsed, err := parseFio(lines[2])
	return sample{parsed, after - before}, err
}

// traffic counts what the disks are told to write while f runs, and adds it to
// the figure that f makes.
func (t *trial) traffic(f func() (figure, sample, error)) (figure, error) {
	ssd, hdd, err := t.written()
	if err != nil {
		return figure{}, err
	}
	fig, s, err := f()
	if err != nil {
		return fig, err
	}
	ssd2, hdd2, err := t.written()
	if user := s.Write.Bytes; user > 0 {
		fig.SSDBytes, fig.HDDBytes = float64(ssd2-ssd)/user, float64(hdd2-hdd)/user
	}
	if all := s.Write.Bytes + s.Read.Bytes; all > 0 {
		fig.CPUPerGB = s.cpu / (all / 1e9)
	}
	return fig, err
}

func (t *trial) written() (ssd, hdd uint64, err error) {
	if ssd, err = t.site.written("ssd"); err == nil {
		hdd, err = t.site.written("hdd")
	}
	return ssd, hdd, err
}

// log reads the log of bandwidth that the last job wrote.
func (t *trial) log() ([]float64, error) {
	text, err := t.script("read the log of bandwidth", "cat $tmp/log_bw.log")
	if err != nil {
		return nil, err
	}
	return parseLog(text)
}
