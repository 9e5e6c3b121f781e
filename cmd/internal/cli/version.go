package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
)

// versionText is what `lc version` and `lc --version` say.
var versionText = fmt.Sprintf("lc %s\n", server.Version())

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "Tell which version this is",
		Annotations: map[string]string{unprivileged: "it asks nobody"},
		Args:        exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), versionText)
			return err
		},
	}
}
