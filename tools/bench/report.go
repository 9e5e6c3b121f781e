package main

import (
	"fmt"
	"io"
	"strings"
)

// report writes all tables in Markdown.
func report(w io.Writer, res results) {
	fmt.Fprintf(w, "# Benchmark\n\n%d rounds, interleaved; %d seconds a work. Tables show the round of the median and, in parentheses, least to most.\n\n",
		res.Rounds, res.Seconds)
	for _, line := range res.About {
		fmt.Fprintf(w, "- %s\n", line)
	}
	for _, line := range res.Failures {
		fmt.Fprintf(w, "- **failed**: %s\n", line)
	}
	all := tabulate(res.Figures)
	overview(w, all, res.Verdicts)
	for _, t := range all {
		section(w, all, t, res.Verdicts)
	}
}

// overview is a table of all targets.
func overview(w io.Writer, all []table, verdicts []verdict) {
	if len(verdicts) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Targets\n\n| work | system | target | needs | has | |\n|---|---|---|--:|--:|---|\n")
	for _, v := range verdicts {
		t, _ := find(all, v.Work)
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", t.work.what, v.System, v.Target, v.bound(), amount(v.Got), emphasis(v))
	}
}

func (v verdict) bound() string {
	switch {
	case !v.Known:
		return "–"
	case v.Most:
		return "≤ " + amount(v.Need)
	}
	return "≥ " + amount(v.Need)
}

func emphasis(v verdict) string {
	if v.Known && !v.Met && v.Limit != "" {
		return "**not met**, out of reach: " + v.Limit
	}
	if v.Known && !v.Met {
		return "**not met**"
	}
	return v.String()
}

// column is one of a work's table.
type column struct {
	name string
	cell func(r row) string
}

// section is the table of one work.
func section(w io.Writer, all []table, t table, verdicts []verdict) {
	fmt.Fprintf(w, "\n## %s\n\n", t.work.what)
	if bound, name, ok := limit(all, t.work.name); ok {
		fmt.Fprintf(w, "Device limit: %s, %s %s.", name, amount(bound), t.work.score.unit)
		if t.work.score.lower {
			fmt.Fprint(w, " Less is better.")
		}
		fmt.Fprint(w, "\n\n")
	}
	cols := columns(all, t, verdicts)
	fmt.Fprint(w, "| system |")
	for _, c := range cols {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprint(w, "\n|---|"+strings.Repeat("--:|", len(cols))+"\n")
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s |", r.system)
		for _, c := range cols {
			fmt.Fprintf(w, " %s |", c.cell(r))
		}
		fmt.Fprintln(w)
	}
}

// columns are the score and its ratios, and then what else was measured.
func columns(all []table, t table, verdicts []verdict) []column {
	cols := []column{{t.work.score.name, func(r row) string {
		return fmt.Sprintf("%s (%s–%s)", amount(r.value), amount(r.least), amount(r.most))
	}}}
	if bound, _, ok := limit(all, t.work.name); ok {
		cols = append(cols, ratio("of the limit", bound))
	}
	if best, ok := t.bestPeer(); ok {
		cols = append(cols, ratio("of the best peer ("+best.system+")", best.value))
	}
	for _, m := range measures {
		if m.name != t.work.score.name && (t.has(m.of) || m.series && t.has(seconds)) {
			cols = append(cols, column{m.name, func(r row) string { return amount(m.of(r.median)) }})
		}
	}
	return append(cols, column{"target", func(r row) string { return marks(verdicts, t.work.name, r.system) }})
}

// measures are what is shown beside the score, where it is not nothing.
var measures = []struct {
	name   string
	of     func(figure) float64
	series bool // nothing means something, in works with a series
}{
	{"IOPS", iops, false}, {"MB/s", mbps, false},
	{"p50, us", p50, false}, {"p99, us", p99, false}, {"p99.9, us", p999, false},
	{"CPU s/GB", cpuPerGB, false},
	{"SSD bytes per byte", ssdBytes, false}, {"disk bytes per byte", hddBytes, false},
	{"least second, MB/s", least, true}, {"seconds without progress", stalls, true},
}

// has tells whether any system shows something of a measure.
func (t table) has(of func(figure) float64) bool {
	for _, r := range t.rows {
		if of(r.median) != 0 {
			return true
		}
	}
	return false
}

func ratio(name string, of float64) column {
	return column{name, func(r row) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%.3g x", r.value/of)
	}}
}

// marks are the verdicts on a system in a work.
func marks(verdicts []verdict, work, system string) string {
	var list []string
	for _, v := range verdicts {
		if v.Work == work && v.System == system {
			list = append(list, fmt.Sprintf("%s: %s", v.Target, emphasis(v)))
		}
	}
	return strings.Join(list, "; ")
}
