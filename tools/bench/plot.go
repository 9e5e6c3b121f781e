package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

const height = 9 * vg.Centimeter

// plots writes the SVG pictures of a run into dir: for each work the score of
// every system, its latencies, and the series of those that have one.
func plots(dir string, figs []figure) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	all := tabulate(figs)
	var errs []error
	for _, t := range all {
		name := filepath.Join(dir, t.work.name)
		if err := bars(name+".svg", all, t); err != nil {
			errs = append(errs, fmt.Errorf("plot %s: %w", name, err))
		}
		if err := latencies(name+"-latency.svg", t); err != nil {
			errs = append(errs, fmt.Errorf("plot %s: %w", name, err))
		}
		if t.has(seconds) {
			if err := timeline(name+"-time.svg", t); err != nil {
				errs = append(errs, fmt.Errorf("plot %s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (t table) width() vg.Length { return vg.Length(len(t.rows)+2) * vg.Centimeter * 2 }

// nameX puts the systems below the horizontal axis, with room at its ends.
func nameX(p *plot.Plot, t table) {
	var list []string
	for _, r := range t.rows {
		list = append(list, r.system)
	}
	p.NominalX(list...)
	p.X.Min, p.X.Max = -0.5, float64(len(list))-0.5
}

// bars is the score of every system, and a line where the device's limit is.
func bars(path string, all []table, t table) error {
	p := plot.New()
	p.Title.Text = t.work.what
	p.Y.Label.Text = t.work.score.name
	var values plotter.Values
	for _, r := range t.rows {
		values = append(values, r.value)
	}
	chart, err := plotter.NewBarChart(values, vg.Points(24))
	if err != nil {
		return err
	}
	chart.Color = plotutil.Color(2)
	p.Add(chart)
	p.Y.Min = 0
	if bound, name, ok := limit(all, t.work.name); ok {
		line := plotter.NewFunction(func(float64) float64 { return bound })
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
		p.Add(line)
		p.Y.Max = max(p.Y.Max, bound)
		p.Legend.Add(name, line)
		p.Legend.Top = true
	}
	p.Y.Max *= 1.2 // for the legend
	nameX(p, t)
	return p.Save(t.width(), height, path)
}

// latencies is a mark for each percentile and system, on a logarithmic axis.
func latencies(path string, t table) error {
	p := plot.New()
	p.Title.Text = t.work.what
	p.Y.Label.Text = "latency, us"
	for i, q := range []struct {
		name string
		of   func(figure) float64
	}{
		{"p50", p50}, {"p99", p99}, {"p99.9", p999},
	} {
		var at plotter.XYs
		for x, r := range t.rows {
			at = append(at, plotter.XY{X: float64(x), Y: max(q.of(r.median), 1)})
		}
		points, err := plotter.NewScatter(at)
		if err != nil {
			return err
		}
		points.Color, points.Shape, points.Radius = plotutil.Color(i), plotutil.Shape(i), vg.Points(4)
		p.Add(points)
		p.Legend.Add(q.name, points)
	}
	p.Legend.Top = true
	logarithmic(p)
	p.Y.Max *= 10 // for the legend
	nameX(p, t)
	return p.Save(t.width(), height, path)
}

// timeline is the bandwidth of each second, on a logarithmic axis, so that the
// foot of a cliff shows as well as its top.
func timeline(path string, t table) error {
	p := plot.New()
	p.Title.Text = t.work.what
	p.X.Label.Text = "seconds"
	p.Y.Label.Text = "MB/s"
	for i, r := range t.rows {
		var at plotter.XYs
		for second, v := range r.median.Series {
			at = append(at, plotter.XY{X: float64(second + 1), Y: max(v, floor)})
		}
		if len(at) == 0 {
			continue
		}
		line, err := plotter.NewLine(at)
		if err != nil {
			return err
		}
		line.Color, line.Width = plotutil.Color(i), vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(r.system, line)
	}
	p.Legend.Top = true
	logarithmic(p)
	return p.Save(24*vg.Centimeter, 12*vg.Centimeter, path)
}

// logarithmic makes the vertical axis of a plot that is complete so. Room at
// both ends keeps it one where all values are the same.
func logarithmic(p *plot.Plot) {
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
	p.Add(plotter.NewGrid())
}

// floor stands for no progress on a logarithmic axis, in MB/s.
const floor = 0.01
