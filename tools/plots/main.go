// Command plots draws the charts of a benchmark's report as SVG pictures, beside
// the file that describes them.
//
//	go -C tools/plots run . ABSOLUTE/PATH/charts.json
//
// It is a module of its own: who builds or imports the rest of the repository has
// no need of fonts and of formats of pictures.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: plots CHARTS.json")
		os.Exit(2)
	}
	if err := drawAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "plots:", err)
		os.Exit(1)
	}
}

// chart is a picture, as the benchmark describes it.
type chart struct {
	Name      string   `json:"name"` // of its file, without an ending
	Kind      string   `json:"kind"` // bars, points or lines
	Title     string   `json:"title"`
	XLabel    string   `json:"x_label"`
	YLabel    string   `json:"y_label"`
	Names     []string `json:"names"` // below the horizontal axis, one for each value
	Series    []series `json:"series"`
	Limit     float64  `json:"limit"` // a line across all of them, if it has a name
	LimitName string   `json:"limit_name"`
}

// series is values that belong together.
type series struct {
	Name   string    `json:"name"`
	Values []float64 `json:"values"`
}

// drawAll draws every chart of a file into the file's folder.
func drawAll(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var list []chart
	if err := json.Unmarshal(b, &list); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var errs []error
	for _, c := range list {
		if err := c.draw(filepath.Join(filepath.Dir(path), c.Name+".svg")); err != nil {
			errs = append(errs, fmt.Errorf("draw %s: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}
