package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func daemonCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "daemon start|stop|status",
		Short: "The autonomous control: migration by load, periodic flush and superblock",
		Args:  exactly("start, stop or status"),
		RunE: func(_ *cobra.Command, args []string) error {
			return control.Errorf(control.Usage, "takes start, stop or status, not %q", args[0])
		},
	}
	cmd.AddCommand(
		&cobra.Command{Use: "start", Short: "Start it", Args: exactly(), RunE: func(cmd *cobra.Command, _ []string) error {
			return do(cmd, callStarting, control.VerbDaemonStart, nil)
		}},
		&cobra.Command{Use: "stop", Short: "Stop it", Args: exactly(), RunE: func(cmd *cobra.Command, _ []string) error {
			return do(cmd, call, control.VerbDaemonStop, nil)
		}},
		daemonStatusCommand(),
	)
	return cmd
}

func daemonStatusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "status", Short: "Tell whether it runs", Args: exactly(), RunE: func(cmd *cobra.Command, _ []string) error {
		var s control.DaemonStatus
		if err := call(cmd, control.VerbDaemonStatus, nil, &s); err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), s)
		}
		fmt.Fprintln(cmd.OutOrStdout(), daemonText(s))
		return nil
	}}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func daemonText(s control.DaemonStatus) string {
	text := "stopped"
	if s.Running {
		text = "running"
	}
	if s.LastError != "" {
		text += "; last error: " + s.LastError
	}
	return text
}
