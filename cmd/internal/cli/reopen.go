package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func reopenCommand() *cobra.Command {
	var a control.ReopenArgs
	return &cobra.Command{
		Use:   "reopen DEVICE_ID [PATH]",
		Short: "Go on over a disk that went away and has come back, also under another name",
		Long: "Go on over a device's disk that went away and has come back: a cable, a reset, a controller. The server holds on\n" +
			"to the disk that it opened; this opens it anew, at PATH, or wherever the host knows a disk of its identity. The\n" +
			"device stays in use, and writers wait meanwhile. Nothing in the log is lost: what was on its way to the disk is\n" +
			"written again. What had bypassed the log, or gone straight to the disk, and was not flushed may be lost, and then the next\n" +
			"fsync says so.\n\n" +
			"The disk goes by its identity (WWN, serial number, UUID): one without, or with another, is refused, and so is a\n" +
			"smaller one. What is written on it is not looked at: if anybody may have written to it meanwhile, `lc shutdown`, and\n" +
			"then `lc resume`, `lc create` and `lc attach`, which do that. A disk that has grown is taken; the device keeps its size.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 {
				return exactly("DEVICE_ID", "PATH")(cmd, args)
			}
			return exactly("DEVICE_ID")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.Device, err = parseID("device", args[0]); err != nil {
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
}
