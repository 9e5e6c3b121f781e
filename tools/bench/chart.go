package main

import (
	"encoding/json"
	"os"
)

// chart is a picture of the report. The module tools/plots draws it, so that no
// program here has to be built with what draws.
type chart struct {
	Name   string    `json:"name"` // of its file, without an ending
	Kind   chartKind `json:"kind"`
	Title  string    `json:"title"`
	XLabel string    `json:"x_label,omitempty"`
	YLabel string    `json:"y_label"`
	// Names are below the horizontal axis, one for each value.
	Names  []string `json:"names,omitempty"`
	Series []curve  `json:"series"`
	// Limit is a line across all of them, if it has a name.
	Limit     float64 `json:"limit,omitempty"`
	LimitName string  `json:"limit_name,omitempty"`
}

// chartKind says how values are shown.
type chartKind string

const (
	bars   chartKind = "bars"   // from zero, one series
	points chartKind = "points" // on a logarithmic axis
	lines  chartKind = "lines"  // likewise; a value is of the second 1, 2, ...
)

// curve is values that belong together.
type curve struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"`
}

// charts are the pictures of a run: for each work the score of every system, its
// latencies, and the seconds of those in which they matter.
func charts(figs []figure) []chart {
	all := tabulate(figs)
	var list []chart
	for _, t := range all {
		list = append(list, scores(all, t), latencies(t))
		if t.has(seconds) {
			list = append(list, timeline(t))
		}
	}
	return list
}

func (t table) systems() []string {
	var list []string
	for _, r := range t.rows {
		list = append(list, r.system)
	}
	return list
}

// values has a figure of every system.
func (t table) values(of func(row) float64) []float64 {
	var list []float64
	for _, r := range t.rows {
		list = append(list, of(r))
	}
	return list
}

// scores is the score of every system, and a line where the device's limit is.
func scores(all []table, t table) chart {
	c := chart{Name: t.work.name, Kind: bars, Title: t.work.what, YLabel: t.work.score.name, Names: t.systems(),
		Series: []curve{{Values: t.values(func(r row) float64 { return r.value })}}}
	if bound, name, ok := limit(all, t.work.name); ok {
		c.Limit, c.LimitName = bound, name
	}
	return c
}

// latencies is a mark for each percentile and system.
func latencies(t table) chart {
	c := chart{Name: t.work.name + "-latency", Kind: points, Title: t.work.what, YLabel: "latency, us", Names: t.systems()}
	for _, q := range []struct {
		name string
		of   func(figure) float64
	}{
		{"p50", p50}, {"p99", p99}, {"p99.9", p999},
	} {
		c.Series = append(c.Series, curve{q.name, t.values(func(r row) float64 { return q.of(r.median) })})
	}
	return c
}

// timeline is the bandwidth of each second.
func timeline(t table) chart {
	c := chart{Name: t.work.name + "-time", Kind: lines, Title: t.work.what, XLabel: "seconds", YLabel: "MB/s"}
	for _, r := range t.rows {
		if len(r.median.Series) > 0 {
			c.Series = append(c.Series, curve{r.system, r.median.Series})
		}
	}
	return c
}

// saveCharts writes what tools/plots reads.
func saveCharts(path string, list []chart) error {
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
