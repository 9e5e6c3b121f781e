// Command native runs the micro-benchmarks of ring, record, index, write path
// and read path, and compares them with another revision of this repository.
// It needs neither ublk nor a guest.
//
//	go run ./tools/bench/native [-rev REV] [-count 6] [-time 300ms] [-out bench]
//
// The revision is checked out into a temporary worktree. Both trees run in
// turns, so that what disturbs the host disturbs both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

type options struct {
	rev, time, out string
	count          int
}

func main() {
	var o options
	flag.StringVar(&o.rev, "rev", "", "compare with this revision")
	flag.IntVar(&o.count, "count", 6, "how often each benchmark runs")
	flag.StringVar(&o.time, "time", "300ms", "how long it runs")
	flag.StringVar(&o.out, "out", "bench", "folder for what the benchmarks print")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := compare(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "native:", err)
		os.Exit(1)
	}
}

func compare(ctx context.Context, o options) (err error) {
	temp, err := os.MkdirTemp("", "lc-native")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	var trees []*tree
	if o.rev != "" {
		dir := filepath.Join(temp, "worktree")
		if err := command(ctx, ".", "git", "worktree", "add", "--quiet", "--detach", dir, o.rev); err != nil {
			return err
		}
		// A run that was interrupted removes its worktree too.
		defer func() {
			err = errors.Join(err, command(context.WithoutCancel(ctx), ".", "git", "worktree", "remove", "--force", dir))
		}()
		trees = append(trees, &tree{dir: dir, name: "before"})
	}
	trees = append(trees, &tree{dir: ".", name: "now"})
	for _, t := range trees {
		if err := t.build(ctx, filepath.Join(temp, t.name)); err != nil {
			return err
		}
	}
	if err := turns(ctx, o, trees); err != nil {
		return err
	}
	return benchstat(ctx, o, trees)
}

// turns runs the benchmarks of all trees, one after the other, count times.
func turns(ctx context.Context, o options, trees []*tree) error {
	for i := range o.count {
		for _, t := range trees {
			fmt.Fprintf(os.Stderr, "run %d of %d: %s\n", i+1, o.count, t.name)
			if err := t.run(ctx, o.time); err != nil {
				return err
			}
		}
	}
	return nil
}

func benchstat(ctx context.Context, o options, trees []*tree) error {
	args := []string{"tool", "benchstat"}
	for _, t := range trees {
		path := filepath.Join(o.out, "native-"+t.name+".txt")
		if err := os.WriteFile(path, t.printed.Bytes(), 0o644); err != nil {
			return err
		}
		args = append(args, t.name+"="+path)
	}
	return command(ctx, ".", "go", args...)
}

func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %v: %w", name, args, err)
	}
	return nil
}
