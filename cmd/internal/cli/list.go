package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/logcache/index"
)

func listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the caches and the devices",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var l control.List
			if err := call(cmd, control.VerbList, nil, &l); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), l)
			}
			return printList(cmd.OutOrStdout(), &l)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printList(w io.Writer, l *control.List) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CACHE\tLABEL\tUUID\tON\tSEGMENTS\tDIRTY\tSTATE")
	for _, c := range l.Caches {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d × %s\t%s\t%s\n", c.ID, orDash(control.Show(c.Label)), orDash(shortUUID(c.UUID)), c.Device,
			c.Segments, humanize.IBytes(uint64(c.SegmentSize)), dirty(c.DirtyBlocks), condition(c.State, c.Doing))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	fmt.Fprintln(w)
	fmt.Fprintln(t, "DEVICE\tNAME\tNODE\tCACHE\tBACKING\tSIZE\tDIRTY\tSTATE")
	for _, d := range l.Devices {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.Name, orDash(d.Node), cacheOf(&d), d.Backing,
			humanize.IBytes(d.SizeBytes), dirty(d.DirtyBlocks), condition(d.State, d.Doing))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	printNotes(w, l)
	return nil
}

// printNotes says what needs a person.
func printNotes(w io.Writer, l *control.List) {
	for _, c := range l.Caches {
		if c.Note != "" {
			fmt.Fprintf(w, "!! cache %d (%s): %s\n", c.ID, c.Device, c.Note)
		}
	}
	for _, d := range l.Devices {
		if d.Note != "" {
			fmt.Fprintf(w, "!! device %d (%s): %s\n", d.ID, d.Backing, d.Note)
		}
	}
}

// cacheOf is the cache of a device, or the one that it waits for in parentheses.
func cacheOf(d *control.DeviceLine) string {
	switch {
	case d.CacheID != 0:
		return fmt.Sprint(d.CacheID)
	case d.WaitsFor != 0:
		return fmt.Sprintf("(%d)", d.WaitsFor)
	}
	return "-"
}

// condition is a state, and what is being done beside it. What only starts is
// nothing yet but that.
func condition[S ~string](state S, doing *control.Doing) string {
	switch {
	case doing == nil:
		return string(state)
	case string(state) == string(control.CacheStarting): // and of a device
		return doing.String()
	}
	return string(state) + ", " + doing.String()
}

// dirty shows dirty blocks with what they come to.
func dirty(blocks uint64) string {
	if blocks == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", blocks, humanize.IBytes(blocks*index.BlockBytes))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// shortUUID is enough of a UUID to tell caches apart.
func shortUUID(s string) string { return s[:min(8, len(s))] }
