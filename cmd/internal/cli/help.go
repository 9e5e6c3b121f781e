package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// refuseBogusHelp has `lc help` refuse what there is no help for. Left alone,
// it shows that of what is above, and ends well.
func refuseBogusHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return // there is no verb, and so no help
	}
	show := help.Run
	help.Run = nil
	help.RunE = func(cmd *cobra.Command, args []string) error {
		if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
			return control.Errorf(control.Usage, "no verb or topic %q; `lc help` lists them", strings.Join(args, " "))
		}
		show(cmd, args)
		return nil
	}
}
