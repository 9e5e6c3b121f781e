package cli

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
	"github.com/ublk-lc/ublk-lc/logcache"
)

// stale says why a cache is an old copy of one, or "".
func (o *offline) stale(cmd *cobra.Command) (string, error) {
	super, err := logcache.ReadSuper(o.dev)
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	why, err := server.Newer(seen.Default(), super)
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "%v; whether %s is an old copy is not known\n", err, o.dev.Path())
		return "", nil
	}
	if why == "" {
		return "", nil
	}
	return fmt.Sprintf("%s is an old copy of cache %s: %s", o.dev.Path(), uuid.UUID(super.UUID), why), nil
}

// checkStale refuses to write what an old copy holds over what may be newer. Where there is nothing to lose, it is only said.
func checkStale(cmd *cobra.Command, c *offline, to *target, o *ReplayOptions) error {
	why, err := c.stale(cmd)
	if err != nil || why == "" {
		return err
	}
	if o.AcceptStale || to == nil || to.blank {
		fmt.Fprintln(cmd.ErrOrStderr(), why)
		return nil
	}
	return control.Errorf(control.Mismatch, "%s. --accept-stale writes it all the same, over what is newer; a FILE that does not exist yet takes it without harm", why)
}
