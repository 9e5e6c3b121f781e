package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func removeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "remove DEVICE_ID",
		Short: "Take a detached device away; its backing stays as it is",
		Args:  exactly("DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return onID(cmd, control.VerbRemove, "device", args[0])
		},
	}
}
