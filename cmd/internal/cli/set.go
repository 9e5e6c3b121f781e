package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func setCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "set PATH VALUE",
		Short:             "Change an attribute",
		Args:              exactly("PATH", "VALUE"),
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			return do(cmd, call, control.VerbSet, control.AttributeArgs{Path: args[0], Value: args[1]})
		},
	}
}
