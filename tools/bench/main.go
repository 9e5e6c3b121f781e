// Command bench runs one fio suite on the cache, on its peers and on the bare
// devices, in one guest boot, and prints a table of medians. The devices are
// modelled, so that anyone can repeat it; only ratios within a run mean something.
//
//	go run ./tools/bench [-systems ssd,hdd,null,writecache,bcache,dmcache,lc] [-works a,b] [-rounds 3] [-seconds 6] [-json FILE]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	var o options
	systems := flag.String("systems", "ssd,hdd,null,writecache,bcache,lc", "what to measure, in this order")
	works := flag.String("works", "rw4k-qd32", "which jobs; all = every one")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; each measures every system")
	flag.IntVar(&o.seconds, "seconds", 6, "seconds a job")
	flag.StringVar(&o.lc, "lc", "bin/lc", "the lc program, built with CGO_ENABLED=0")
	flag.StringVar(&o.before, "before", "", "a script to run in the guest before the first round")
	plotDir := flag.String("plots", "", "draw SVG pictures into this folder")
	jsonPath := flag.String("json", "", "write all figures to this file")
	flag.Parse()
	o.systems, o.works = strings.Split(*systems, ","), strings.Split(*works, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Hour)
	defer cancel()
	res, err := run(ctx, o)
	if err == nil && *jsonPath != "" {
		var b []byte
		if b, err = json.MarshalIndent(res, "", "  "); err == nil {
			err = os.WriteFile(*jsonPath, b, 0o644)
		}
	}
	if err == nil && *plotDir != "" {
		err = plots(*plotDir, res)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	report(os.Stdout, res)
}
