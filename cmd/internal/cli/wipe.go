package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

func wipeCommand() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "wipe-cache DEV",
		Short: "Make a cache an empty disk again; what is in its log is lost",
		Long: "Make a cache an empty disk again, which can hold anything, and be a backing. A disk that is no cache is\n" +
			"refused, and so is one that is in use. One that was a cache once, and over whose first superblock another\n" +
			"program has written since, is refused unless --force says that what that has there is to be lost. A cache\n" +
			"whose log holds data, or cannot be read, is refused unless --force says that it is to be lost: `lc resume`,\n" +
			"`lc attach` and `lc drain` bring it to its disks, or `lc replay` without a server, after which `lc forget` empties\n" +
			"the log; of a damaged log, which is not resumed, `lc replay --skip-damage` brings what is whole.",
		Args: exactly("DEV"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return Wipe(cmd.Context(), cmd.OutOrStdout(), args[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "wipe although the log holds something, or another program has something there by now")
	return cmd
}

// Wipe makes a cache an empty disk. It needs neither a server nor ublk.
func Wipe(ctx context.Context, w io.Writer, path string, force bool) error {
	dev, err := openDisk(path, blockdev.OpenOptions{Exclusive: true})
	if err != nil {
		return err
	}
	err = wipe(ctx, dev, force)
	if err := errors.Join(err, dev.Close()); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: wiped, and no cache any more\n", dev.Path())
	return nil
}

func wipe(ctx context.Context, dev *blockdev.Device, force bool) error {
	what, err := dev.Content()
	if err != nil {
		return err
	}
	if what != blockdev.OwnCache {
		return control.Errorf(control.NotFormatted, "%s is %w; only caches are wiped", dev.Path(), segment.ErrNotFormatted)
	}
	by, err := whose.TakenBy(dev)
	if err != nil {
		return err
	}
	c := describeCache(dev)
	old, _ := logcache.ReadSuper(dev)
	switch {
	case force:
	case by != "":
		return control.Errorf(control.HasContent, "%s: --force wipes that too, and what is left of the cache, %s%s", whose.Taken(dev.Path(), by), c.text, c.saved(dev.Path()))
	case !c.empty && outdated(ctx, old) != "":
		return control.Errorf(control.HasContent, "%s is an old copy of a cache, %s: %s. --force wipes it%s", dev.Path(), c.text, outdated(ctx, old), c.saved(dev.Path()))
	case !c.empty:
		return control.Errorf(control.HasContent, "%s is a cache, %s; --force gives that up. %s", dev.Path(), c.text, c.waysOn(dev.Path()))
	}
	if err := logcache.Wipe(dev, dev.Size()); err != nil {
		return fmt.Errorf("%s: %w", dev.Path(), err)
	}
	noMore(old)
	return nil
}

// outdated says what newer state of a cache this host has seen, or has; "" if
// there is none, or nobody can tell.
func outdated(ctx context.Context, super *segment.Super) string {
	if super == nil {
		return ""
	}
	why, err := manager.Newer(ctx, seen.Default(), super, nil, told(os.Stderr))
	if err != nil {
		return ""
	}
	return why
}
