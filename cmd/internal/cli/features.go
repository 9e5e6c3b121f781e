package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/ublk"
)

func featuresCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "features",
		Short: "Tell what the kernel's ublk can do",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := ublk.ProbeFeatures(cmd.Context())
			if errors.Is(err, ublk.ErrNoModule) || errors.Is(err, ublk.ErrTooOld) {
				return fmt.Errorf("%w; `make demo` works on this host all the same, in a virtual machine", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), control.Features{Bits: uint64(f), Features: append([]string{}, f.Names()...)})
			}
			for _, name := range f.Names() {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
