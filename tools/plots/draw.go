package main

import (
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

const (
	column = 2 * vg.Centimeter
	height = 9 * vg.Centimeter
	// least stands for nothing at all on a logarithmic axis.
	least = 0.01
)

// draw writes the picture.
func (c chart) draw(path string) error {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = c.Title, c.XLabel, c.YLabel
	p.Legend.Top = true
	width := vg.Length(len(c.Names)+2) * column
	var err error
	switch c.Kind {
	case "bars":
		err = c.bars(p)
	case "points":
		err = c.points(p)
	case "lines":
		width = 24 * vg.Centimeter
		err = c.lines(p)
	default:
		err = fmt.Errorf("unknown kind %q", c.Kind)
	}
	if err != nil {
		return err
	}
	if len(c.Names) > 0 {
		p.NominalX(c.Names...)
		p.X.Min, p.X.Max = -0.5, float64(len(c.Names))-0.5
	}
	return p.Save(width, height, path)
}

// bars has one for each value, and a dashed line where the limit is.
func (c chart) bars(p *plot.Plot) error {
	for _, s := range c.Series {
		b, err := plotter.NewBarChart(plotter.Values(s.Values), vg.Points(24))
		if err != nil {
			return err
		}
		b.Color = plotutil.Color(2)
		p.Add(b)
	}
	p.Y.Min = 0
	if c.LimitName != "" {
		line := plotter.NewFunction(func(float64) float64 { return c.Limit })
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(4)}
		p.Add(line)
		p.Y.Max = max(p.Y.Max, c.Limit)
		p.Legend.Add(c.LimitName, line)
	}
	p.Y.Max *= 1.2 // for the legend
	return nil
}

// points has a mark for each value.
func (c chart) points(p *plot.Plot) error {
	for i, s := range c.Series {
		marks, err := plotter.NewScatter(s.at(0, 1))
		if err != nil {
			return err
		}
		marks.Color, marks.Shape, marks.Radius = plotutil.Color(i), plotutil.Shape(i), vg.Points(4)
		p.Add(marks)
		p.Legend.Add(s.Name, marks)
	}
	logarithmic(p)
	p.Y.Max *= 10 // for the legend
	return nil
}

// lines has one for each series, so that the foot of a cliff shows as well as
// its top.
func (c chart) lines(p *plot.Plot) error {
	for i, s := range c.Series {
		line, err := plotter.NewLine(s.at(1, least))
		if err != nil {
			return err
		}
		line.Color, line.Width = plotutil.Color(i), vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(s.Name, line)
	}
	logarithmic(p)
	return nil
}

// at has the values at first, first+1 and so on, none below a floor.
func (s series) at(first int, floor float64) plotter.XYs {
	var list plotter.XYs
	for i, v := range s.Values {
		list = append(list, plotter.XY{X: float64(first + i), Y: max(v, floor)})
	}
	return list
}

// logarithmic makes the vertical axis of a plot that is complete so. Room at
// both ends keeps it one where all values are the same.
func logarithmic(p *plot.Plot) {
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = plot.LogTicks{Prec: -1}
	p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
	p.Add(plotter.NewGrid())
}
