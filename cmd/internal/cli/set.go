package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func setCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "set PATH VALUE",
		Short: "Change an attribute",
		Long: "Change an attribute. PATH is one of those that `lc get` marks rw or -w, such as caches/3/writeback_percent or\n" +
			"devices/5/sequential_cutoff; sysfsio/KNOBS.md, beside the source, says of each what it does, its type, its range\n" +
			"and its default. `lc get PATH` shows it. VALUE is a number in the attribute's unit, or on or off, or spelled as\n" +
			"64K, 10MiB and 1G where bytes are counted, as 500ms, 3s and 5m where a time is. A value that is not taken changes\n" +
			"nothing, and the error says what would be.\n\n" +
			"The exit code is 5 (not-found) for a PATH that is not there, 7 (not-permitted) for one that can only be read,\n" +
			"13 (bad-value) for a value that is not taken.",
		Args:              exactly("PATH", "VALUE"),
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd, call, control.VerbSet, control.AttributeArgs{Path: args[0], Value: args[1]})
		},
	}
}
