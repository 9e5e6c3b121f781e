package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// options are what run and test have in common.
type options struct {
	config  vm.Config
	disks   []diskSpec
	env     []string
	modules string
	console bool
	stdin   bool
	stats   bool
}

// parseOptions returns the options and the arguments behind them.
func parseOptions(verb string, args []string) (*options, []string, error) {
	o := &options{config: vm.Config{Files: map[string]string{}}}
	f := flag.NewFlagSet(verb, flag.ContinueOnError)
	f.SetOutput(io.Discard) // the error says enough
	f.Func("disk", "", o.addDisk)
	f.Func("file", "", o.addFile)
	f.Func("env", "", func(s string) error { o.env = append(o.env, s); return nil })
	f.StringVar(&o.modules, "modprobe", "ublk_drv", "")
	f.IntVar(&o.config.CPUs, "cpus", 0, "")
	f.IntVar(&o.config.MemMB, "mem", 0, "")
	f.StringVar(&o.config.Append, "append", "", "")
	f.BoolVar(&o.config.Udev, "udev", false, "")
	f.BoolVar(&o.console, "console", false, "")
	f.BoolVar(&o.stdin, "stdin", false, "")
	f.BoolVar(&o.stats, "stats", false, "")
	if err := f.Parse(args); err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, usage)
	}
	if o.console {
		o.config.Console = os.Stderr
	}
	return o, f.Args(), nil
}

func (o *options) addDisk(s string) error {
	d, err := parseDisk(s)
	o.disks = append(o.disks, d)
	return err
}

func (o *options) addFile(s string) error {
	to, from, ok := strings.Cut(s, "=")
	if !ok || !strings.HasPrefix(to, "/") {
		return fmt.Errorf("%q is not GUEST=HOST with an absolute guest path", s)
	}
	o.config.Files[to] = from
	return nil
}
