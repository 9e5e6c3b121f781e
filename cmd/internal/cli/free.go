package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func freeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "free-cache CACHE_ID",
		Short: "Take a cache out of service; what is in its log stays there",
		Args:  exactly("CACHE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return onID(cmd, control.VerbFreeCache, "cache", args[0])
		},
	}
}

// onID is a verb that takes one id.
func onID(cmd *cobra.Command, verb, what, arg string) error {
	id, err := parseID(what, arg)
	if err != nil {
		return err
	}
	return do(cmd, call, verb, control.IDArgs{ID: id})
}
