package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func createCommand() *cobra.Command {
	var a control.CreateArgs
	cmd := &cobra.Command{
		Use:   "create NAME DEVICE_ID BACKING",
		Short: "Make a device over a slow disk, without a cache as yet",
		Long: "Make a device over a slow disk, without a cache as yet: /dev/lc/NAME leads to its node, /dev/ublkbN.\n" +
			"When a cache holds data for the disk, there is no node until the device is attached to that cache.\n\n" +
			"The device has the logical block of its disk. A cache on an SSD with blocks of 4096 bytes cannot serve one with\n" +
			"blocks of 512: --logical-block 4096 makes a device that it can. What was made on such a device may not be\n" +
			"readable on one of 512, nor the other way round (partition tables, XFS): choose before there is anything on it.\n\n" +
			"A disk that a cache may hold newer data of is not shown without that data. Two options are your word for what this\n" +
			"program cannot find out:\n\n" +
			"  --other-disk            BACKING only looks like a disk that a cache holds data of (as large, a copy of it, or blank):\n" +
			"                          it is another one. If it is not, its file system is out of date, and destroyed by a later attach\n" +
			"  --skip-disk PATH        do not ask PATH, a disk or a file, whether it is a cache with data of BACKING: it does not\n" +
			"                          answer, is damaged, or is of a newer version. If it is one, what is shown is out of date",
		Args: exactly("NAME", "DEVICE_ID", "BACKING"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			a.Name = args[0]
			if err := control.CheckName(a.Name); err != nil {
				return err
			}
			if a.ID, err = parseID("device", args[1]); err != nil {
				return err
			}
			if a.Path, err = absolute(args[2]); err != nil {
				return err
			}
			if err := absoluteAll(a.SkipDisks); err != nil {
				return err
			}
			return do(cmd, callStarting, control.VerbCreate, a)
		},
	}
	cmd.Flags().IntVar(&a.Queues, "queues", 0, "queues of the device (default: one for two CPUs, at most 4)")
	cmd.Flags().IntVar(&a.Depth, "depth", 0, "requests in flight on each queue (default 128)")
	cmd.Flags().IntVar(&a.LogicalBlock, "logical-block", 0, "bytes of a logical block, 512 or 4096 (default: the disk's)")
	cmd.Flags().BoolVar(&a.OtherDisk, "other-disk", false, "this is another disk than those that a log holds data of, where nothing certain tells it from them")
	cmd.Flags().StringArrayVar(&a.SkipDisks, "skip-disk", nil, "a disk or file that is not to be asked, since it is no cache with data of BACKING; may be repeated")
	return cmd
}
