package cli

import (
	"os"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
)

// spawnedFlag marks a server that a verb has started: it reports by a pipe that
// it is ready.
const spawnedFlag = "spawned"

func serverCommand() *cobra.Command {
	var spawned bool
	cmd := &cobra.Command{
		Use:   "server",
		Short: "Run the server in the foreground, as systemd wants it",
		Long: "Run the server in the foreground, as systemd wants it. Other verbs start one in the background when they\n" +
			"need it. SIGTERM is `lc shutdown`; refused since a device is in use, a second SIGTERM stops all the same.",
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error {
			ready := func(error) {}
			if spawned {
				ready = server.TellReady
			}
			return server.Run(os.Stderr, ready)
		},
	}
	cmd.Flags().BoolVar(&spawned, spawnedFlag, false, "")
	_ = cmd.Flags().MarkHidden(spawnedFlag)
	return cmd
}
