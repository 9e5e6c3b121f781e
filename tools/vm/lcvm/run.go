package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

func runVerb(ctx context.Context, args []string) (int, error) {
	o, command, err := parseOptions("run", args)
	if err != nil {
		return 0, err
	}
	if len(command) == 0 {
		return 0, errors.New(usage)
	}
	return o.run(ctx, vm.Command{Args: command})
}

// run boots a machine, runs one command in it and ends it.
func (o *options) run(ctx context.Context, c vm.Command) (code int, err error) {
	kept, err := o.openDisks()
	defer func() {
		for _, d := range kept {
			err = errors.Join(err, d.Close())
		}
	}()
	if err != nil {
		return 0, err
	}
	m, err := vm.Boot(ctx, o.config)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	for module := range strings.FieldsFuncSeq(o.modules, func(r rune) bool { return r == ',' }) {
		if _, err := m.Output(ctx, "modprobe "+module); err != nil {
			return 0, err
		}
	}
	c.Env, c.Stdout, c.Stderr = append(c.Env, o.env...), os.Stdout, os.Stderr
	if o.stdin {
		c.Stdin = os.Stdin
	}
	if code, err = m.Run(ctx, c); err != nil {
		return 0, err
	}
	if o.stats {
		for _, d := range o.disks {
			fmt.Fprintf(os.Stderr, "disk %s: %+v\n", d.name, m.Disk(d.name).Counters())
		}
	}
	return code, m.Shutdown(ctx)
}

// openDisks opens the disks whose content is kept, for the caller to close;
// the machine makes the others itself.
func (o *options) openDisks() (kept []*disk.Disk, err error) {
	for _, s := range o.disks {
		d := vm.Disk{Name: s.name, Model: s.model, Serial: s.serial, Block: s.block}
		if s.path != "" {
			if d.Image, err = disk.Open(s.path, s.model); err != nil {
				return kept, err
			}
			kept = append(kept, d.Image)
		}
		o.config.Disks = append(o.config.Disks, d)
	}
	return kept, nil
}
