package cli

import (
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func shutdownCommand() *cobra.Command {
	var a control.ShutdownArgs
	cmd := &cobra.Command{
		Use:   "shutdown",
		Short: "Stop all devices, make all logs durable, and end the server",
		Long: "Stop all devices, make all logs durable, and end the server. What is in a log is found there at\n" +
			"the next resume; with --drain it is migrated first, and interrupting that leaves everything as it is.\n" +
			"Refused while a device is open or mounted.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return do(cmd, call, control.VerbShutdown, a) },
	}
	cmd.Flags().BoolVar(&a.Force, "force", false, "stop devices although they are open or mounted; programs that use them get errors")
	cmd.Flags().BoolVar(&a.Drain, "drain", false, "migrate all data to the backings first")
	return cmd
}
