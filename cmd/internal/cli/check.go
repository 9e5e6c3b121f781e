package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// CheckOptions are the options of check.
type CheckOptions struct {
	Segments bool
	JSON     bool
}

func checkCommand() *cobra.Command {
	var o CheckOptions
	cmd := &cobra.Command{
		Use:   "check DEV",
		Short: "Tell what is valid, torn or damaged on a cache, without changing it",
		Long: "Tell what is valid, torn or damaged on a cache, or on a file with its bytes. It reads the superblocks and\n" +
			"the whole log with all its data, changes nothing, and needs neither a server nor ublk.\n\n" +
			"A log that was not shut down, with a torn tail, is sound: that is what a power cut leaves. So is one with\n" +
			"sectors that cannot be read and need not be; if the log ends at one, check says so, for nobody knows what\n" +
			"was there. The exit code is 0 for a sound cache, 11 (damaged) if anything is bad that was durable,\n" +
			"4 (has-content) for what was a cache once, and is another program's disk now,\n" +
			"14 (not-formatted) for no cache, 3 (in-use) for one that a server runs. `lc replay` gets the data out of a\n" +
			"damaged one.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        exactly("DEV"),
		RunE:        func(cmd *cobra.Command, args []string) error { return Check(cmd, args[0], o) },
	}
	cmd.Flags().BoolVar(&o.Segments, "segments", false, "list each segment of the log")
	jsonFlag(cmd, &o.JSON)
	return cmd
}

// Check prints what a cache holds and what is wrong with it.
func Check(cmd *cobra.Command, path string, o CheckOptions) error {
	return withOffline(cmd, path, lookStill, func(c *offline, p *progress) error {
		log, err := c.survey(cmd.Context(), p)
		if err != nil {
			return err
		}
		p.end()
		by, err := whose.TakenBy(c.dev)
		if err != nil {
			return err
		}
		report := log.Report()
		if by != "" {
			report.State = inspect.Replaced
		}
		if o.JSON {
			err = printJSON(cmd.OutOrStdout(), checkOf(report))
		} else {
			err = report.Fprint(cmd.OutOrStdout(), o.Segments)
		}
		if err == nil && by != "" {
			return control.Errorf(control.HasContent, "%s; `lc replay %s --dry-run --skip-damage` tells what can be saved of its log", whose.Taken(path, by), path)
		}
		if err == nil && log.Damaged() {
			return fmt.Errorf("%s: %w: %s; %s", path, segment.ErrDamaged, inspect.Count(len(log.Damage), "place"), saving(path, log))
		}
		return err
	})
}

// saving says how to find out what can be saved of a damaged log.
func saving(path string, log *inspect.Log) string {
	var ways []string
	for _, d := range log.Report().Devices {
		if d.Dirty > 0 {
			ways = append(ways, fmt.Sprintf("`lc replay %s --device %d --dry-run --skip-damage`", path, d.ID))
		}
	}
	switch len(ways) {
	case 0:
		return fmt.Sprintf("no device has data in it that is whole and not given up, so there is nothing to save; `lc format-cache %s --force` makes an empty cache of it", path)
	case 1:
		return ways[0] + " tells what can be saved"
	}
	return strings.Join(ways, ", ") + " tell what can be saved of each device"
}
