package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func detachCommand() *cobra.Command {
	var o skipOptions
	cmd := &cobra.Command{
		Use:   "detach DEVICE_ID",
		Short: "Migrate all data of a device to its backing, then take the cache away",
		Long: "Migrate all data of a device to its backing, then take the cache away. The device can be used all the\n" +
			"while. It tells how far it is: a bar on a terminal, lines elsewhere. Interrupted, it leaves the device attached." + skipHelp +
			"\n\nThe log is migrated in its order: --skip-damage leaves out the damaged records of all devices of the cache, as far\n" +
			"as there is data of this one, and not only those of this device.",
		Args: exactly("DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.drainPast(cmd, control.VerbDetach, "device", args[0])
		},
	}
	o.flags(cmd)
	return cmd
}
