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
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/server"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

func forgetCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "forget CACHE DEVICE_ID",
		Short: "Give up what a log holds of one device; that data is lost",
		Long: "Give up what the log on a cache device holds of one device: that data is lost, and what is on the device's disk\n" +
			"is then all there is of it. For a disk that will not come back, or that went on without the cache and has what is\n" +
			"newer. The other devices of the cache keep their data, and the id is free for another disk.\n\n" +
			"It says how much would be lost, and how the disk is compared to it, and does nothing without --yes, or a yes on\n" +
			"a terminal. To save the data first:\n\n" +
			"  lc replay CACHE --device DEVICE_ID --force-binding --to FILE\n\n" +
			"and of a damaged log --skip-damage with it. What a damaged record held may be this device's too: that wants --yes as\n" +
			"well, and so does an old copy of a cache.\n\n" +
			"The cache may be resumed, but the device not be attached. The exit code is 4 (has-content) when it wants --yes,\n" +
			"5 (not-found) for a device that the log does not know, 10 (busy) for one that is attached.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        exactly("CACHE", "DEVICE_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := number("device", args[1])
			if err != nil {
				return err
			}
			return Forget(cmd, args[0], uint8(id), yes)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "give the data up")
	return cmd
}

// Forget gives up what a log holds of a device. It needs neither a server nor ublk; a cache that is resumed its server does.
func Forget(cmd *cobra.Command, path string, id uint8, yes bool) error {
	if cache := servedAs(path); cache != 0 {
		return forgetResumed(cmd, control.ForgetArgs{Cache: cache, Device: int(id), Yes: yes})
	}
	return withOffline(cmd, path, blockdev.OpenOptions{Exclusive: true}, func(c *offline, p *progress) error {
		log, err := c.survey(cmd.Context(), p)
		if err != nil {
			return err
		}
		p.end()
		b := log.Super.Binding(id)
		if b == nil {
			return fmt.Errorf("device %d is %w", id, inspect.ErrNotBound)
		}
		lost := losses(log, id)
		old, err := c.stale(cmd)
		if err != nil {
			return err
		}
		if lost != "" || old != "" {
			if err := confirm(cmd, c, log, b, lost, old, yes); err != nil {
				return err
			}
		}
		if err := logcache.Forget(c.dev, id, max(log.Last(), log.Durable)); err != nil {
			return fmt.Errorf("%s: %w", c.dev.Path(), err)
		}
		if old == "" { // else what was seen is the newer one, which keeps its data
			if err := seen.Default().GiveUp(log.Super.UUID, id); err != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "%v; create may warn that this cache is missing\n", err)
			}
		}
		if lost == "" {
			lost = "nothing"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: gave up %s of device %d (%s), which is not bound to it any more\n", c.dev.Path(), lost, id, control.Show(b.Name))
		return nil
	})
}

// forgetResumed has the server do it.
func forgetResumed(cmd *cobra.Command, a control.ForgetArgs) error {
	err := do(cmd, call, control.VerbForget, a)
	if a.Yes || err == nil || control.Classify(err).Code != control.HasContent || !onTerminal(cmd) {
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

// confirm wants the word of somebody who has read what it means: what would be lost, and what of old copies there is to say.
func confirm(cmd *cobra.Command, c *offline, log *inspect.Log, b *segment.Binding, lost, old string, yes bool) error {
	if lost == "" {
		lost = "nothing"
	}
	disks, err := server.Disks()
	if err != nil {
		return err
	}
	path, state := whose.Find(disks, b, versionsOf(log, b.ID), c.dev)
	disk := "its disk is not among those of this host, as far as that can be told"
	if path != "" {
		disk = fmt.Sprintf("its disk, %s, %s", path, state)
	}
	what := fmt.Sprintf("%s holds %s of device %d (%s, %s) that no disk has; %s", c.dev.Path(), lost, b.ID, control.Show(b.Name),
		humanize.IBytes(b.Sectors*segment.SectorSize), disk)
	skip := ""
	for i := range log.Damage {
		skip = " --skip-damage"
		what += fmt.Sprintf("; damaged: %s", &log.Damage[i])
	}
	if old != "" {
		what += "; " + old
	}
	save := fmt.Sprintf("`lc replay %s --device %d --force-binding%s --to FILE` saves that first", c.dev.Path(), b.ID, skip)
	if yes {
		fmt.Fprintln(cmd.ErrOrStderr(), what)
		return nil
	}
	if onTerminal(cmd) {
		return typed(cmd, what+"; "+save)
	}
	return control.Errorf(control.HasContent, "%s; %s, and --yes gives it up", what, save)
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
