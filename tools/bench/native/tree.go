package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// suite says which benchmarks of which package run. Those of the index that
// fill it to a hundred gigabytes of blocks are left to people with time.
var suite = []struct{ dir, pattern string }{
	{"ublk/uring", "."},
	{"ublk", "."},
	{"segment", "."},
	{"logcache/index", "(PutNew|PutOverwrite|GetHit|GetMiss|FindHit)/^1000000$"},
	{"logcache", "."},
	{"migrate", "."},
}

// tree is a checked-out revision and its benchmarks.
type tree struct {
	dir, name string
	programs  []program
	printed   bytes.Buffer
}

type program struct {
	path, dir, pattern string
}

// build compiles the benchmarks into a folder. A revision may lack a package.
func (t *tree) build(ctx context.Context, into string) error {
	if err := os.MkdirAll(into, 0o755); err != nil {
		return err
	}
	for _, s := range suite {
		dir := filepath.Join(t.dir, s.dir)
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		path, err := filepath.Abs(filepath.Join(into, strings.ReplaceAll(s.dir, "/", "-")))
		if err != nil {
			return err
		}
		if err := command(ctx, t.dir, "go", "test", "-c", "-o", path, "./"+s.dir); err != nil {
			return err
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // a package without tests
		}
		t.programs = append(t.programs, program{path, dir, s.pattern})
	}
	return nil
}

// run runs every benchmark once and keeps what they print.
func (t *tree) run(ctx context.Context, benchTime string) error {
	for _, p := range t.programs {
		cmd := exec.CommandContext(ctx, p.path, "-test.run=^$", "-test.bench="+p.pattern, "-test.benchtime="+benchTime)
		cmd.Dir = p.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("benchmarks of %s in %s: %w: %s", p.dir, t.name, err, out)
		}
		t.printed.Write(out)
	}
	return nil
}
