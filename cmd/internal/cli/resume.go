package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func resumeCommand() *cobra.Command {
	var a control.ResumeArgs
	cmd := &cobra.Command{
		Use:   "resume CACHE_ID DEV",
		Short: "Bring a formatted cache into service, with what is in its log",
		Long: "Bring a formatted cache into service, with what is in its log.\n\n" +
			"An old copy of a cache, such as a restored image, a snapshot, or the SSD that was copied to a larger one, would put\n" +
			"older data over newer: it is refused when the newer copy is on this host, or was. What was last seen of each cache\n" +
			"is noted in /var/lib/lc, or in $LC_STATE_DIR.",
		Args: exactly("CACHE_ID", "DEV"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if a.ID, err = parseID("cache", args[0]); err != nil {
				return err
			}
			if a.Path, err = absolute(args[1]); err != nil {
				return err
			}
			if err := absoluteAll(a.SkipDisks); err != nil {
				return err
			}
			return do(cmd, callStarting, control.VerbResume, a)
		},
	}
	cmd.Flags().BoolVar(&a.AcceptStale, "accept-stale", false, "resume an old copy: what was written through the newer one since is lost")
	cmd.Flags().StringArrayVar(&a.SkipDisks, "skip-disk", nil, "a disk or file that is not to be asked, since it is no copy of this cache; may be repeated")
	return cmd
}
