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
			"devices/5/sequential_cutoff; sysfsio/KNOBS.md, beside the source, says of each what it does, its range and its\n" +
			"default. `lc get PATH` shows it. A value out of its range changes nothing.\n\n" +
			"The exit code is 5 (not-found) for a PATH that is not there, 7 (not-permitted) for one that can only be read,\n" +
			"13 (bad-value) for a value out of its range.",
		Args:              exactly("PATH", "VALUE"),
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd, call, control.VerbSet, control.AttributeArgs{Path: args[0], Value: args[1]})
		},
	}
}
