package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench runs what was asked for. What was measured before an error is
// reported all the same: it may have taken an hour.
func bench(ctx context.Context, o options) error {
	res, err := run(ctx, o)
	if err == nil && len(res.Failures) > 0 {
		err = fmt.Errorf("%d works failed", len(res.Failures))
	}
	if len(res.Figures) == 0 {
		return err
	}
	res.Verdicts = judge(tabulate(res.Figures))
	return errors.Join(err, publish(o, res))
}

// publish prints the report, and writes the files that were asked for.
func publish(o options, res results) error {
	var text bytes.Buffer
	report(&text, res)
	if _, err := os.Stdout.Write(text.Bytes()); err != nil {
		return err
	}
	var errs []error
	if o.json != "" {
		errs = append(errs, res.save(o.json))
	}
	if o.out != "" {
		errs = append(errs, os.MkdirAll(o.out, 0o755), res.save(filepath.Join(o.out, "figures.json")),
			saveCharts(filepath.Join(o.out, "charts.json"), charts(res.Figures)), os.WriteFile(filepath.Join(o.out, "report.md"), text.Bytes(), 0o644))
	}
	return errors.Join(errs...)
}
