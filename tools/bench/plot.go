package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// plots writes the SVG pictures of a run into dir: for each work the throughput
// of every system, and its latencies.
func plots(dir string, res []figure) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, w := range works {
		names, figs := medians(res, w.name)
		if len(names) == 0 {
			continue
		}
		if err := throughput(filepath.Join(dir, w.name+".svg"), w, names, figs); err != nil {
			return fmt.Errorf("plot %s: %w", w.name, err)
		}
		if err := latency(filepath.Join(dir, w.name+"-latency.svg"), w, names, figs); err != nil {
			return fmt.Errorf("plot %s: %w", w.name, err)
		}
	}
	return nil
}

// medians is, for each system that did the work, its round of median throughput.
func medians(res []figure, work string) (names []string, figs []figure) {
	by := map[string][]figure{}
	for _, f := range res {
		if f.Work != work {
			continue
		}
		if len(by[f.System]) == 0 {
			names = append(names, f.System)
		}
		by[f.System] = append(by[f.System], f)
	}
	for _, n := range names {
		fs := by[n]
		slices.SortFunc(fs, func(a, b figure) int { return int(math.Copysign(1, a.MBPS-b.MBPS)) })
		figs = append(figs, fs[len(fs)/2])
	}
	return names, figs
}

// throughput is a bar for each system, and a line where the bare SSD is.
func throughput(path string, w work, names []string, figs []figure) error {
	p := plot.New()
	p.Title.Text = w.what
	p.Y.Label.Text = "IOPS"
	p.Y.Min = 0
	var values plotter.Values
	for _, f := range figs {
		values = append(values, f.WriteIOPS+f.ReadIOPS)
	}
	bars, err := plotter.NewBarChart(values, vg.Points(24))
	if err != nil {
		return err
	}
	bars.Color = plotutil.Color(2)
	p.Add(bars)
	if i := slices.Index(names, "ssd"); i >= 0 {
		limit := plotter.NewFunction(func(float64) float64 { return values[i] })
		limit.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
		p.Add(limit)
		p.Legend.Add("the bare SSD", limit)
		p.Legend.Top = true
	}
	p.NominalX(names...)
	return p.Save(vg.Length(len(names)+2)*vg.Centimeter*2, 9*vg.Centimeter, path)
}

// latency is a bar for each percentile and system, on a logarithmic axis.
func latency(path string, w work, names []string, figs []figure) error {
	p := plot.New()
	p.Title.Text = w.what
	p.Y.Label.Text = "latency, us"
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	for i, q := range []struct {
		name string
		of   func(figure) float64
	}{
		{"p50", func(f figure) float64 { return f.P50us }},
		{"p99", func(f figure) float64 { return f.P99us }},
		{"p99.9", func(f figure) float64 { return f.P999us }},
	} {
		var at plotter.XYs
		for x, f := range figs {
			at = append(at, plotter.XY{X: float64(x), Y: max(q.of(f), 1)})
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
	p.Add(plotter.NewGrid())
	p.NominalX(names...)
	return p.Save(vg.Length(len(names)+2)*vg.Centimeter*2, 9*vg.Centimeter, path)
}
