package main

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	jobs "github.com/ublk-lc/ublk-lc/tests/fio"
)

// site is where the works run: a guest, or this host. Its scripts find the
// devices in $ssd and $hdd, a folder of their own in $tmp, and lc and ublkdemo
// in their PATH.
type site interface {
	// script runs a script under bash -eu.
	script(ctx context.Context, text string) (string, error)
	// put writes a file below $tmp, and returns its path.
	put(ctx context.Context, name string, content []byte) (string, error)
	// written counts the bytes that a disk, ssd or hdd, was told to write.
	written(disk string) (uint64, error)
	// whole is the size of the SSD in bytes.
	whole() int64
	// third tells whether there is a third disk, $slow.
	third() bool
	// again brings the site back to how it was at first, whatever a system left.
	again(ctx context.Context) error
	// about describes the site, a line a fact.
	about() []string
	close() error
}

// runDir is where a server of ours lives, apart from one that the host may have.
const runDir = "/run/lcbench"

// equip brings the job files to a site.
func equip(ctx context.Context, s site) error {
	list, err := fs.Glob(jobs.Jobs, "*.fio")
	if err != nil {
		return err
	}
	for _, name := range list {
		text, err := jobs.Jobs.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := s.put(ctx, name, text); err != nil {
			return err
		}
	}
	_, err = s.put(ctx, "blocks-random", iolog(dirtyBlocks(), false))
	if err == nil {
		_, err = s.put(ctx, "blocks-sorted", iolog(dirtyBlocks(), true))
	}
	return err
}

// jobPath is where a script finds a job file.
func jobPath(name string) string { return path.Join("$tmp", name+".fio") }

// must is the error of a script, with what it printed.
func must(what, out string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w %s", what, err, strings.TrimSpace(out))
}
