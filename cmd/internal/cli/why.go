package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func whyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why DEVICE_ID",
		Short: "Tell in words why migration goes on or does not, and where writes go",
		Args:  exactly("DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("device", args[0])
			if err != nil {
				return err
			}
			var w control.Why
			if err := call(cmd, control.VerbWhy, control.IDArgs{ID: id}, &w); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), w)
			}
			return printWhy(cmd.OutOrStdout(), &w)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printWhy(w io.Writer, y *control.Why) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "devices/%d\t%s, %s, dirty blocks %s\n", y.Device, y.Name, condition(y.State, y.Doing), dirty(y.DirtyBlocks))
	goes := "does not go on"
	if y.Draining {
		goes = "goes on"
	}
	fmt.Fprintf(t, "  migration\t%s: %s\n", goes, y.Migration)
	if y.HeldUp != "" {
		fmt.Fprintf(t, "  held up\tthe last batch failed: %s\n", y.HeldUp)
	}
	fmt.Fprintf(t, "  writes\t%s\n", y.Writes)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
