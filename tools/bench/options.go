package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

type options struct {
	systems []system
	works   []work
	rounds  int
	counted bool
	dilate  int // how many times as slow as their models the devices are
	seconds int // of a work
	long    int // of a work that shows what happens in the long run
	cacheMB int // size of the cache device
	lc      string
	cserver string // another ublk server with a null device, for cnull
	before  string

	on      []string // the devices of the user, fast one first; none means a guest
	destroy bool

	json, out string
	limit     time.Duration
}

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	systemNames := f.String("systems", "ssd,hdd,null,writecache,bcache,lc", "what to measure, in this order: "+strings.Join(names(systems), ", "))
	workNames := f.String("works", "rw4k-qd32", "which works: all, speed, writeback, or some of "+strings.Join(names(works), ", "))
	on := f.String("on", "", "measure on devices of this host, SSD[,HDD]; without it in a guest")
	f.BoolVar(&o.destroy, "destroy", false, "with -on: overwrite these devices, whatever they hold")
	f.BoolVar(&o.counted, "counted", false, "measure in instructions of an emulated guest, 4 ns each, which a busy host does not change; without disks")
	f.IntVar(&o.dilate, "dilate", 1, "make the modelled devices so many times slower, as much as an emulated processor is: ratios come out as where both are real")
	f.IntVar(&o.rounds, "rounds", 3, "rounds; each measures every system, those that are only a reference in the first alone")
	f.IntVar(&o.seconds, "seconds", 4, "seconds a work")
	f.IntVar(&o.long, "long", 300, "seconds of the works that show what happens in the long run")
	f.IntVar(&o.cacheMB, "cache", 0, "size of the cache in MiB; 0 = 512, or what the seconds make it need")
	f.StringVar(&o.lc, "lc", "bin/lc", "the lc program, built with CGO_ENABLED=0")
	f.StringVar(&o.cserver, "cserver", "", "for cnull: ublksrv's null server (ublk.null), in a guest a static program")
	f.StringVar(&o.before, "before", "", "a script to run before the first round")
	f.StringVar(&o.json, "json", "", "write all figures to this file")
	f.StringVar(&o.out, "out", "", "write report.md, figures.json and charts.json into this folder; go -C tools/plots run . PATH/charts.json draws those")
	f.DurationVar(&o.limit, "limit", 6*time.Hour, "give up after this time")
	err := f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("what is %q? See -h", f.Arg(0))
	}
	if err == nil {
		o.systems, err = pick(systems, *systemNames)
	}
	if err == nil {
		o.works, err = pick(works, *workNames)
	}
	if err != nil {
		return o, err
	}
	if *on != "" {
		o.on = strings.Split(*on, ",")
	}
	return o, o.check()
}

func (o *options) check() error {
	switch {
	case o.rounds < 1 || o.seconds < 1 || o.long < 10:
		return fmt.Errorf("-rounds and -seconds are at least 1, -long at least 10")
	case o.dilate < 1 || o.dilate > 100 || o.dilate > 1 && (o.counted || len(o.on) > 0):
		return fmt.Errorf("-dilate is 1 to 100, and goes without -on and -counted")
	case len(o.on) > 2:
		return fmt.Errorf("-on takes an SSD and at most one HDD, not %d devices", len(o.on))
	case o.destroy && len(o.on) == 0:
		return fmt.Errorf("-destroy goes with -on")
	}
	for _, s := range o.systems {
		if o.counted && (len(o.on) > 0 || !s.diskless()) {
			return fmt.Errorf("-counted goes without -on, and without %s: disks are not part of the guest", s.name)
		}
		if s.program == cserver && o.cserver == "" {
			return fmt.Errorf("%s needs -cserver", s.name)
		}
	}
	if o.cacheMB == 0 {
		o.cacheMB = max(512, cacheFor(o.seconds))
	}
	if o.cacheMB < 512 {
		return fmt.Errorf("-cache is at least 512")
	}
	if len(o.on) == 1 {
		for _, s := range o.systems {
			if s.backed {
				return fmt.Errorf("%s needs a slow device too: -on SSD,HDD", s.name)
			}
		}
	}
	return nil
}

// cacheFor is the cache in MiB in which the fastest work of some seconds finds
// room twice over: a log that fills is a work of its own.
func cacheFor(seconds int) int {
	perSecond := int(ssdModel.WriteBPS) >> 20
	return (seconds*perSecond*5/4 + 63) &^ 63
}

type named interface{ names() []string }

// names lists what can be picked one by one.
func names[T named](all []T) []string {
	var list []string
	for _, a := range all {
		list = append(list, a.names()[0])
	}
	return list
}

// pick returns those that a list names by name or by group, in its order.
func pick[T named](all []T, list string) ([]T, error) {
	var picked []T
	var seen []string
	for want := range strings.SplitSeq(list, ",") {
		known := false
		for _, a := range all {
			if !slices.Contains(a.names(), want) {
				continue
			}
			known = true
			if name := a.names()[0]; !slices.Contains(seen, name) {
				seen = append(seen, name)
				picked = append(picked, a)
			}
		}
		if !known {
			return nil, fmt.Errorf("%q is none of all, %s", want, strings.Join(names(all), ", "))
		}
	}
	return picked, nil
}
