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
		Long: "Put a cache in front of a device, also while it is in use.\n\n" +
			"When the log holds data of the device, its disk must be as the cache left it: some places of it that every mount,\n" +
			"LVM, md or mkfs writes to, and some of what was migrated last, are compared. A disk that was mounted, or restored,\n" +
			"without the cache is refused, for the log would put older blocks over newer ones here and there. Ways on:\n\n" +
			"  --accept-changed        the log wins: its blocks go over what is there; check the file system afterwards\n" +
			"  lc forget               the disk wins: the log's data is given up\n" +
			"  lc replay DEV --device DEVICE_ID --force-binding --to FILE\n" +
			"                          look at the log's data first: FILE is a copy of the disk; the cache must be free for it",
		Args: exactly("DEVICE_ID", "CACHE_ID"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.Device, err = parseID("device", args[0]); err != nil {
				return err
			}
			if a.Cache, err = parseID("cache", args[1]); err != nil {
				return err
			}
			return do(cmd, call, control.VerbAttach, a)
		},
	}
	cmd.Flags().BoolVar(&a.Unidentified, "unidentified", false, "this is the disk of the data in the log, although neither the host nor its content tells")
	cmd.Flags().BoolVar(&a.AcceptChanged, "accept-changed", false, "put the log's data over what was written to the disk without the cache")
	return cmd
}
