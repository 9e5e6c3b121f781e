package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// run measures everything, round by round.
func run(ctx context.Context, o options) (results, error) {
	res := results{Rounds: o.rounds, Seconds: o.seconds}
	s, err := open(ctx, o)
	if err != nil {
		return res, err
	}
	res.About = s.about()
	o.plan(os.Stderr, s.third())
	err = equip(ctx, s)
	if err == nil && o.before != "" {
		var out string
		out, err = s.script(ctx, o.before)
		err = must("the script of -before", out, err)
	}
	for round := 0; err == nil && round < o.rounds; round++ {
		err = res.add(ctx, s, o, round)
	}
	return res, errors.Join(err, s.close())
}

func open(ctx context.Context, o options) (site, error) {
	if len(o.on) > 0 {
		return openHost(ctx, o)
	}
	return bootGuest(ctx, o)
}

// add measures a round. A work that fails on a system is noted, and the others
// go on. A system that cannot be taken down is given up with its guest; on a
// host it ends the run.
func (res *results) add(ctx context.Context, s site, o options, round int) error {
	for _, p := range o.round(round, s.third()) {
		limit, cancel := context.WithTimeout(ctx, p.work.patience(o))
		t := &trial{ctx: limit, site: s, sys: p.sys, work: p.work, o: o}
		f, failed, err := t.do()
		cancel()
		name := p.work.name + " on " + p.sys.name
		switch {
		case errors.Is(failed, errSkipped):
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", name, failed)
		case failed != nil:
			res.failed(name, failed)
		default:
			f.System, f.Work, f.Round = p.sys.name, p.work.name, round
			progress(p.work, f)
			res.Figures = append(res.Figures, f)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", name, errors.Join(err, ctx.Err()))
		}
		if err != nil {
			res.failed(name, err)
			if again := s.again(ctx); again != nil {
				return fmt.Errorf("%s: %w", name, errors.Join(err, again))
			}
		}
	}
	return nil
}

// failed notes why there is no figure.
func (res *results) failed(name string, err error) {
	text := name + ": " + err.Error()
	fmt.Fprintln(os.Stderr, "bench:", text)
	res.Failures = append(res.Failures, text)
}

// progress is a line on standard error.
func progress(w work, f figure) {
	fmt.Fprintf(os.Stderr, "round %d  %-11s %-11s %8.0f w/s %8.0f r/s %7.1f MB/s  p50 %.0f us  p99 %.0f us  ssd x%.3f  disk x%.3f",
		f.Round+1, f.System, f.Work, f.WriteIOPS, f.ReadIOPS, f.MBPS, f.P50us, f.P99us, f.SSDBytes, f.HDDBytes)
	if w.score.name != byIOPS.name && w.score.name != byMBPS.name {
		fmt.Fprintf(os.Stderr, "  %s %.2f %s", w.score.name, w.score.of(f), w.score.unit)
	}
	fmt.Fprintln(os.Stderr)
}

// downTime is how long a system may take to go down, whatever happened before.
const downTime = 2 * time.Minute

// do sets the system up, does the work, and takes the system down, whatever
// came before. failed is why there is no figure, err why there is no way on.
func (t *trial) do() (f figure, failed, err error) {
	up, down := t.sys.up, t.sys.down
	if t.slice() && t.sys.cached {
		up = "modprobe dm-mod; dmsetup create " + sliceName +
			" --table \"0 $((cachemb * 2048)) linear $ssd " + sliceAt + "\"; udevadm settle\n" + up
		down += "\ndmsetup remove --retry " + sliceName
	}
	if up != "" {
		_, failed = t.script("set up", up)
	}
	if failed == nil {
		f, failed = t.work.run(t)
	}
	if down != "" {
		// A run that was interrupted, too, takes down what it has set up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), downTime)
		defer cancel()
		var out string
		out, err = t.site.script(ctx, t.prelude()+down)
		err = must("take down", out, err)
	}
	return f, failed, err
}
