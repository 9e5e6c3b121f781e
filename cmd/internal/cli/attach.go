package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func attachCommand() *cobra.Command {
	var a control.AttachArgs
	cmd := &cobra.Command{
		Use:   "attach DEVICE_ID CACHE_ID",
		Short: "Put a cache in front of a device, also while it is in use",
		Args:  exactly("DEVICE_ID", "CACHE_ID"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.Device, err = number("device", args[0]); err != nil {
				return err
			}
			if a.Cache, err = number("cache", args[1]); err != nil {
				return err
			}
			return do(cmd, call, control.VerbAttach, a)
		},
	}
	cmd.Flags().BoolVar(&a.Unidentified, "unidentified", false, "this is the disk of the data in the log, although neither the host nor its content tells")
	return cmd
}
