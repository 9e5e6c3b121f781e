package main

import (
	"fmt"
	"io"
	"slices"
)

// report prints a Markdown table: a row for each work, a column for each
// system, medians over the rounds with their spread.
func report(w io.Writer, res []figure) {
	var names []string
	for _, f := range res {
		if !slices.Contains(names, f.System) {
			names = append(names, f.System)
		}
	}
	fmt.Fprint(w, "\nIOPS (reads + writes), median of the rounds (least to most)\n\n| work |")
	for _, n := range names {
		fmt.Fprintf(w, " %s |", n)
	}
	fmt.Fprint(w, "\n|---|")
	for range names {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	for _, wk := range works {
		var cells []string
		for _, n := range names {
			if c := cell(res, n, wk.name); c != "" {
				cells = append(cells, c)
			}
		}
		if len(cells) == 0 {
			continue
		}
		fmt.Fprintf(w, "| %s |", wk.what)
		for _, c := range cells {
			fmt.Fprintf(w, " %s |", c)
		}
		fmt.Fprintln(w)
	}
}

func cell(res []figure, system, work string) string {
	var v []float64
	for _, f := range res {
		if f.System == system && f.Work == work {
			v = append(v, f.WriteIOPS+f.ReadIOPS)
		}
	}
	if len(v) == 0 {
		return ""
	}
	slices.Sort(v)
	return fmt.Sprintf("%.0f (%.0f–%.0f)", v[len(v)/2], v[0], v[len(v)-1])
}
