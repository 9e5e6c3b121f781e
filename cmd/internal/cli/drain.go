package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func drainCommand() *cobra.Command {
	var o skipOptions
	cmd := &cobra.Command{
		Use:   "drain CACHE_ID",
		Short: "Migrate all data that is in the log of a cache now",
		Long: "Migrate all data that is in the log of a cache now, at full speed. Its devices stay attached and in use;\n" +
			"what they write meanwhile is not waited for. Interrupted, it leaves everything in working order." + skipHelp,
		Args: exactly("CACHE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.drainPast(cmd, control.VerbDrain, "cache", args[0])
		},
	}
	o.flags(cmd)
	return cmd
}
