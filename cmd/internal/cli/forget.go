package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// ForgetOptions are the options of forget.
type ForgetOptions struct {
	Yes        bool
	ReplayedTo string
	SkipDisks  []string
}

func forgetCommand() *cobra.Command {
	var o ForgetOptions
	cmd := &cobra.Command{
		Use:   "forget DEV DEVICE_ID",
		Short: "Give up what a log holds of one device; that data is lost",
		Long: "Give up what the log on a cache device holds of one device: that data is lost, and what is on the device's disk\n" +
			"is then all there is of it. For a disk that will not come back, or that went on without the cache and has what is\n" +
			"newer. The other devices of the cache keep their data, and the id is free for another disk.\n\n" +
			"It says how much would be lost, and how the disk is compared to it, and does nothing without --yes, or a yes on\n" +
			"a terminal. To save the data first:\n\n" +
			"  lc replay DEV --device DEVICE_ID --force-binding --to FILE\n" +
			"  lc forget DEV DEVICE_ID --replayed-to FILE\n\n" +
			"The second compares all data of the device in the log with what is on FILE, a disk or a file, and needs no --yes if it is\n" +
			"there: nothing is lost then. If it is not, that is refused, with --yes too: --yes alone gives up what is on no disk.\n" +
			"Of a damaged log the first wants --skip-damage. What a damaged record held may be this device's too, and is on no FILE:\n" +
			"the second wants --yes for that, and for that only. An old copy of a cache is refused, for what is given up in it would\n" +
			"make it look like the newest.\n\n" +
			"The cache may be resumed, but the device not be attached. The exit code is 4 (has-content) when it wants --yes,\n" +
			"5 (not-found) for a device that the log does not know, 10 (busy) for one that is attached, 12 (mismatch) for an old copy.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        exactly("DEV", "DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("device", args[1])
			if err != nil {
				return err
			}
			if err := absoluteAll(o.SkipDisks); err != nil {
				return err
			}
			return Forget(cmd, args[0], uint8(id), o)
		},
	}
	cmd.Flags().BoolVar(&o.Yes, "yes", false, "give the data up; with --replayed-to, only what damage has taken from it")
	cmd.Flags().StringVar(&o.ReplayedTo, "replayed-to", "", "a disk or file that is compared with the log; if all the data is there, --yes is not needed, and else it is refused")
	skipDisksFlag(cmd, &o.SkipDisks)
	return cmd
}

// Forget gives up what a log holds of a device. It needs neither a server nor
// ublk; a cache that is resumed its server does.
func Forget(cmd *cobra.Command, path string, id uint8, o ForgetOptions) error {
	if cache := cacheOn(serverList(), path); cache != 0 && o.ReplayedTo == "" {
		return forgetResumed(cmd, control.ForgetArgs{Cache: cache, Device: int(id), Yes: o.Yes, SkipDisks: o.SkipDisks})
	}
	return withOffline(cmd, path, blockdev.OpenOptions{Exclusive: true}, func(c *offline, p *progress) error {
		if _, err := c.image.Super(); err != nil {
			return fmt.Errorf("%s: %w", c.dev.Path(), err)
		}
		if err := c.refuseTaken(); err != nil {
			return err
		}
		if err := c.refuseOld(cmd, o.SkipDisks); err != nil {
			return err
		}
		log, err := c.survey(cmd.Context(), p)
		if err != nil {
			return err
		}
		p.end()
		b := log.Super.Binding(id)
		if b == nil {
			return fmt.Errorf("device %d is %w", id, inspect.ErrNotBound)
		}
		l, kept := lossOf(log, b), ""
		if l.any() {
			if kept, err = l.confirm(cmd, c, o, p); err != nil {
				return err
			}
		}
		if err := logcache.Forget(c.dev, id, max(log.Last(), log.Durable)); err != nil {
			return fmt.Errorf("%s: %w", c.dev.Path(), err)
		}
		if err := c.noteForgotten(log, id); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "%v; a copy of this cache from before will not be known as an old one, and create may warn that it is missing\n", err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: gave up %s of device %d (%s), which is not bound to it any more%s\n", c.dev.Path(), l, id, control.Show(b.Name), kept)
		return nil
	})
}

// forgetResumed has the server do it.
func forgetResumed(cmd *cobra.Command, a control.ForgetArgs) error {
	err := do(cmd, call, control.VerbForget, a)
	if a.Yes || err == nil || classify.Classify(err).Code != control.HasContent || !onTerminal(cmd) {
		return err
	}
	if err := typed(cmd, err.Error()); err != nil {
		return err
	}
	a.Yes = true
	return do(cmd, call, control.VerbForget, a)
}

// refuseOld refuses to change an old copy of a cache: each change counts in the
// superblock, until the copy passes for newer than the cache that went on.
func (o *offline) refuseOld(cmd *cobra.Command, skip []string) error {
	why, err := o.stale(cmd, skip)
	if err != nil || why == "" {
		return err
	}
	path := o.dev.Path()
	return control.Errorf(control.Mismatch, "%s. Nothing is given up in it: that would make it look newer than it is. `lc wipe-cache --force %s` makes it an empty disk; if the newer one is lost, `lc resume CACHE_ID %s --accept-stale` makes this one the cache, and `lc forget` takes it then",
		why, path, path)
}

// noteForgotten notes how the cache is now: what this host has seen of it is
// newer than any copy that was made before.
func (o *offline) noteForgotten(log *inspect.Log, id uint8) error {
	super, err := logcache.ReadSuper(o.dev)
	if err != nil {
		return fmt.Errorf("%s: %w", o.dev.Path(), err)
	}
	now := seen.Cache{UUID: super.UUID, Path: o.dev.Path(), Epoch: super.Epoch, Generation: super.Generation}
	for _, d := range withData(log) {
		now.Disks = append(now.Disks, seen.Disk{Device: d.ID, Name: d.Name, Fingerprint: d.Fingerprint})
	}
	return seen.Default().GiveUp(now, id)
}
