package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
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
		Use:   "forget CACHE DEVICE_ID",
		Short: "Give up what a log holds of one device; that data is lost",
		Long: "Give up what the log on a cache device holds of one device: that data is lost, and what is on the device's disk\n" +
			"is then all there is of it. For a disk that will not come back, or that went on without the cache and has what is\n" +
			"newer. The other devices of the cache keep their data, and the id is free for another disk.\n\n" +
			"It says how much would be lost, and how the disk is compared to it, and does nothing without --yes, or a yes on\n" +
			"a terminal. To save the data first:\n\n" +
			"  lc replay CACHE --device DEVICE_ID --force-binding --to FILE\n" +
			"  lc forget CACHE DEVICE_ID --replayed-to FILE\n\n" +
			"The second compares all data of the device in the log with what is on FILE, a disk or a file, and needs no --yes if it is\n" +
			"there: nothing is lost then. Of a damaged log the first wants --skip-damage. What a damaged record held may be this device's too: that wants --yes as\n" +
			"well. An old copy of a cache is refused, for what is given up in it would make it look like the newest.\n\n" +
			"The cache may be resumed, but the device not be attached. The exit code is 4 (has-content) when it wants --yes,\n" +
			"5 (not-found) for a device that the log does not know, 10 (busy) for one that is attached, 12 (mismatch) for an old copy.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        exactly("CACHE", "DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number("device", args[1])
			if err != nil {
				return err
			}
			if err := absoluteAll(o.SkipDisks); err != nil {
				return err
			}
			return Forget(cmd, args[0], uint8(id), o)
		},
	}
	cmd.Flags().BoolVar(&o.Yes, "yes", false, "give the data up")
	cmd.Flags().StringVar(&o.ReplayedTo, "replayed-to", "", "a disk or file that is compared with the log; if all the data is there, --yes is not needed")
	skipDisksFlag(cmd, &o.SkipDisks)
	return cmd
}

// Forget gives up what a log holds of a device. It needs neither a server nor ublk; a cache that is resumed its server does.
func Forget(cmd *cobra.Command, path string, id uint8, o ForgetOptions) error {
	if cache := cacheOn(served(), path); cache != 0 && o.ReplayedTo == "" {
		return forgetResumed(cmd, control.ForgetArgs{Cache: cache, Device: int(id), Yes: o.Yes, SkipDisks: o.SkipDisks})
	}
	return withOffline(cmd, path, blockdev.OpenOptions{Exclusive: true}, func(c *offline, p *progress) error {
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
		lost, kept := losses(log, id), ""
		if lost != "" {
			if kept, err = settleLoss(cmd, c, log, b, lost, o, p); err != nil {
				return err
			}
		}
		if err := logcache.Forget(c.dev, id, max(log.Last(), log.Durable)); err != nil {
			return fmt.Errorf("%s: %w", c.dev.Path(), err)
		}
		if err := seen.Default().GiveUp(log.Super.UUID, id); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "%v; create may warn that this cache is missing\n", err)
		}
		if lost == "" {
			lost = "nothing"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: gave up %s of device %d (%s), which is not bound to it any more%s\n", c.dev.Path(), lost, id, control.Show(b.Name), kept)
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

// losses are what would be lost with a device, "" if that is nothing.
func losses(log *inspect.Log, id uint8) string {
	for _, d := range log.Report().Devices {
		if d.ID != id || d.Dirty == 0 && len(d.Lost) == 0 && d.LostExact {
			continue
		}
		text := fmt.Sprintf("%s (%d sectors)", humanize.IBytes(d.Dirty*segment.SectorSize), d.Dirty)
		if n := inspect.Total(d.Lost); n > 0 {
			text += fmt.Sprintf(", beside %d sectors lost by damage,", n)
		}
		if !d.LostExact {
			text += ", and perhaps what nobody can read any more,"
		}
		return text
	}
	return ""
}

// refuseOld refuses to change an old copy of a cache: each change counts in the superblock, until the copy passes for newer
// than the cache that went on.
func (o *offline) refuseOld(cmd *cobra.Command, skip []string) error {
	why, err := o.stale(cmd, skip)
	if err != nil || why == "" {
		return err
	}
	path := o.dev.Path()
	return control.Errorf(control.Mismatch, "%s. Nothing is given up in it: that would make it look newer than it is. `lc wipe-cache --force %s` makes it an empty disk; if the newer one is lost, `lc resume CACHE_ID %s --accept-stale` makes this one the cache, and `lc forget` takes it then",
		why, path, path)
}

// settleLoss finds out whether what is given up is on a disk, and else wants a word for it. kept is the end of a sentence that
// says where it is.
func settleLoss(cmd *cobra.Command, c *offline, log *inspect.Log, b *segment.Binding, lost string, o ForgetOptions, p *progress) (kept string, err error) {
	if o.ReplayedTo == "" {
		disk, err := itsDisk(c, log, b, o.SkipDisks)
		if err != nil {
			return "", err
		}
		return "", confirm(cmd, c, log, b, lost, disk, o.Yes)
	}
	h, err := compare(cmd.Context(), log, b.ID, o.ReplayedTo, p)
	if err != nil {
		return "", err
	}
	if h.all() {
		return "; " + h.String(), nil
	}
	return "", confirm(cmd, c, log, b, lost, h.String(), o.Yes)
}

// itsDisk says how the disk of a binding is compared to what a log holds of it.
func itsDisk(c *offline, log *inspect.Log, b *segment.Binding, skip []string) (string, error) {
	disks, err := manager.Disks(skip)
	if err != nil {
		return "", err
	}
	path, state := whose.Find(disks, b, versionsOf(log, b.ID), c.dev)
	if path == "" {
		return "its disk is none of this host's block devices, as far as that can be told", nil
	}
	return fmt.Sprintf("its disk, %s, %s", path, state), nil
}

// confirm wants the word of somebody who has read what it means: what may be lost.
func confirm(cmd *cobra.Command, c *offline, log *inspect.Log, b *segment.Binding, lost, disk string, yes bool) error {
	what := fmt.Sprintf("%s holds %s of device %d (%s, %s) that was not drained; %s", c.dev.Path(), lost, b.ID, control.Show(b.Name),
		humanize.IBytes(b.Sectors*segment.SectorSize), disk)
	skip := ""
	for i := range log.Damage {
		skip = " --skip-damage"
		what += fmt.Sprintf("; damaged: %s", &log.Damage[i])
	}
	save := fmt.Sprintf("`lc replay %s --device %d --force-binding%s --to FILE` saves that first, and `lc forget %s %d --replayed-to FILE` gives up what was saved so",
		c.dev.Path(), b.ID, skip, c.dev.Path(), b.ID)
	if yes {
		fmt.Fprintln(cmd.ErrOrStderr(), what)
		return nil
	}
	if onTerminal(cmd) {
		return typed(cmd, what+"; "+save)
	}
	return control.Errorf(control.HasContent, "%s; %s; --yes gives it up as it is", what, save)
}

// onTerminal tells whether somebody is there to be asked.
func onTerminal(cmd *cobra.Command) bool {
	in, ok := cmd.InOrStdin().(*os.File)
	return ok && columns(in) > 0
}

// typed wants somebody's word for it.
func typed(cmd *cobra.Command, what string) error {
	fmt.Fprintf(cmd.ErrOrStderr(), "%s.\nTo give it up, type yes: ", what)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if strings.TrimSpace(line) != "yes" {
		return control.Errorf(control.Interrupted, "nothing was changed")
	}
	return nil
}
