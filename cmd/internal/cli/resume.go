package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func resumeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "resume CACHE_ID DEV",
		Short: "Bring a formatted cache into service, with what is in its log",
		Args:  exactly("CACHE_ID", "DEV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number("cache", args[0])
			if err != nil {
				return err
			}
			path, err := absolute(args[1])
			if err != nil {
				return err
			}
			return do(cmd, callStarting, control.VerbResume, control.ResumeArgs{ID: id, Path: path})
		},
	}
}
