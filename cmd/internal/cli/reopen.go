package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func reopenCommand() *cobra.Command {
	var a control.ReopenArgs
	cmd := &cobra.Command{
		Use:   "reopen DEVICE_ID [PATH]",
		Short: "Go on over a disk that went away and has come back, also under another name",
		Long: "Go on over a device's disk that went away and has come back: a cable, a reset, a path that failed. The server\n" +
			"holds on to the disk that it opened; this opens it anew, at PATH, or wherever the host knows a disk of its identity.\n" +
			"The device stays in use, and writers wait meanwhile. Nothing in the log is lost: what was on its way to the disk is\n" +
			"written again. What had gone past the log, or straight to the disk, and was not flushed may be lost, and then the next\n" +
			"fsync says so.\n\n" +
			"A disk of another identity or a smaller one is refused, and one that was written to meanwhile, as far as that is\n" +
			"seen: --accept-changed puts the log's blocks over what is there. A disk that has grown is taken; the device keeps\n" +
			"its size.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return exactly("DEVICE_ID", "PATH")(cmd, args)
			}
			return exactly("DEVICE_ID")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.Device, err = number("device", args[0]); err != nil {
				return err
			}
			if len(args) > 1 {
				if a.Path, err = filepath.Abs(args[1]); err != nil {
					return err
				}
			}
			return do(cmd, call, control.VerbReopen, a)
		},
	}
	cmd.Flags().BoolVar(&a.Unidentified, "unidentified", false, "this is the device's disk, although the host has no identity of it to compare")
	cmd.Flags().BoolVar(&a.AcceptChanged, "accept-changed", false, "put the log's data over what was written to the disk meanwhile")
	return cmd
}
