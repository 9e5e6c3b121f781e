package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
)

// stale says why a cache is an old copy of one, or "".
func (o *offline) stale(cmd *cobra.Command, skip []string) (string, error) {
	super, err := logcache.ReadSuper(o.dev)
	if err != nil {
		return "", fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	why, err := manager.Newer(cmd.Context(), seen.Default(), super, skip, told(cmd.ErrOrStderr()))
	if err != nil {
		return "", untold(cmd, err, "whether "+o.dev.Path()+" is an old copy")
	}
	if why == "" {
		return "", nil
	}
	return fmt.Sprintf("%s is an old copy of cache %s: %s", o.dev.Path(), uuid.UUID(super.UUID), why), nil
}

// untold passes on what has to be heeded, such as what is to be skipped, or may
// hold what is newest. That the host does not tell is only said.
func untold(cmd *cobra.Command, err error, what string) error {
	var refused *control.Error
	if errors.As(err, &refused) && !errors.Is(err, manager.ErrNotListed) {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%v; %s is not known\n", err, what)
	return nil
}

// refuseBehind refuses to write to a disk that another cache holds data for,
// behind its log.
func (o *offline) refuseBehind(cmd *cobra.Command, to *target, r *ReplayOptions) error {
	if to == nil || to.blank || r.ForceBinding {
		return nil
	}
	super, err := logcache.ReadSuper(o.dev)
	if err != nil {
		return fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	err = manager.HeldBeside(cmd.Context(), seen.Default(), to.disk, to.Device, super, r.SkipDisks, told(cmd.ErrOrStderr()))
	switch {
	case err == nil:
		return nil
	case untold(cmd, err, "whether another cache holds data for "+to.Path()) != nil:
		return fmt.Errorf("%s: %w", to.Path(), err)
	}
	return nil
}

// refuseTaken refuses to write a superblock where another program has something
// by now.
func (o *offline) refuseTaken() error {
	by, err := whose.TakenBy(o.dev)
	if err != nil || by == "" {
		return err
	}
	path := o.dev.Path()
	return control.Errorf(control.HasContent, "%s: nothing is given up in what is left of its log, for that would write over it. `lc create` and `lc format-cache` go on without it with --skip-disk %s; `lc replay %s --dry-run --skip-damage` tells what can be saved",
		whose.Taken(path, by), path, path)
}

// told writes what a verb hears while it waits.
func told(w io.Writer) func(control.Progress) {
	return func(p control.Progress) { fmt.Fprintln(w, p.Text) }
}

// skipDisksFlag is the option of the verbs that look for newer copies without a
// server.
func skipDisksFlag(cmd *cobra.Command, to *[]string) {
	cmd.Flags().StringArrayVar(to, "skip-disk", nil, "a disk or file that is not to be asked what it holds; may be repeated")
}

// checkStale refuses to write what an old copy holds over what may be newer.
// Where there is nothing to lose, it is only said. It tells whether it is one.
func checkStale(cmd *cobra.Command, c *offline, to *target, o *ReplayOptions) (old bool, err error) {
	why, err := c.stale(cmd, o.SkipDisks)
	if err != nil || why == "" {
		return false, err
	}
	if o.AcceptStale || to == nil || to.blank {
		fmt.Fprintln(cmd.ErrOrStderr(), why)
		return true, nil
	}
	return true, control.Errorf(control.Mismatch, "%s. --accept-stale writes it all the same, over what is newer; a FILE that does not exist yet takes it without harm", why)
}

// past tells whether a log that may be replayed is an old copy, or what another
// program has left of one: nothing is given up in either.
func (o *offline) past(cmd *cobra.Command, to *target, r *ReplayOptions) (bool, error) {
	if old, err := checkStale(cmd, o, to, r); err != nil || old {
		return old, err
	}
	by, err := whose.TakenBy(o.dev)
	return by != "", err
}
