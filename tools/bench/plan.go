package main

import (
	"fmt"
	"io"
	"time"
)

// pair is a work to be done on a system.
type pair struct {
	work work
	sys  system
}

// round lists what is measured in a round, in that order: each work on one
// system after the other, so that what is compared lies close together in time.
// third tells whether there is a third disk.
func (o options) round(n int, third bool) []pair {
	var list []pair
	for _, w := range o.works {
		if w.once && n > 0 || w.third && !third {
			continue
		}
		for _, s := range o.systems {
			if !w.on(s) || s.once && w.group == "speed" && n > 0 {
				continue
			}
			list = append(list, pair{w, s})
		}
	}
	return list
}

// upAndDown is what it takes, about, to bring a system up, start fio, and take
// the system down.
const upAndDown = 4 * time.Second

// lasts is how long a trial will take, about.
func (w work) lasts(o options) time.Duration {
	seconds := o.seconds
	if w.takes != nil {
		seconds = w.takes(o)
	}
	return upAndDown + time.Duration(seconds)*time.Second
}

// plan says what is ahead.
func (o options) plan(w io.Writer, third bool) {
	n, all := 0, time.Duration(0)
	for round := range o.rounds {
		for _, p := range o.round(round, third) {
			n++
			all += p.work.lasts(o)
		}
	}
	fmt.Fprintf(w, "plan: %d trials in %d rounds, about %v\n", n, o.rounds, max(all.Round(time.Minute), time.Minute))
}

// patience is how long a trial may take: something that hangs must not cost the
// results of the others.
func (w work) patience(o options) time.Duration { return 3*time.Minute + 6*w.lasts(o) }
