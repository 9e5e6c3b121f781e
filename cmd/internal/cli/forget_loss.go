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
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// loss is what would be lost with a device.
type loss struct {
	log     *inspect.Log
	binding *segment.Binding
	whole   uint64 // sectors that the log has of it
	damaged uint64 // sectors that the log had, and that are damaged
	unknown bool   // more may be damaged
}

func lossOf(log *inspect.Log, b *segment.Binding) *loss {
	l := &loss{log: log, binding: b}
	for _, d := range log.Report().Devices {
		if d.ID == b.ID {
			l.whole, l.damaged, l.unknown = d.Dirty, inspect.Total(d.Lost), !d.LostExact
		}
	}
	return l
}

// any tells whether anything would be lost, as far as is known.
func (l *loss) any() bool { return l.whole > 0 || l.partly() }

// partly tells whether there is, or may be, what no replay can save.
func (l *loss) partly() bool { return l.damaged > 0 || l.unknown }

// String goes before "of device 5".
func (l *loss) String() string {
	if !l.any() {
		return "nothing"
	}
	text := fmt.Sprintf("%s (%d sectors)", humanize.IBytes(l.whole*segment.SectorSize), l.whole)
	if l.damaged > 0 {
		text += fmt.Sprintf(", beside %d sectors lost by damage", l.damaged)
	}
	if l.unknown {
		text += ", and perhaps what nobody can read any more"
	}
	if l.partly() {
		text += ","
	}
	return text
}

// confirm finds out whether what is given up is on a disk, and else wants a word
// for it. kept is the end of a sentence that says where it is.
func (l *loss) confirm(cmd *cobra.Command, c *offline, o ForgetOptions, p *progress) (kept string, err error) {
	if o.ReplayedTo == "" {
		disk, err := itsDisk(c, l.log, l.binding, o.SkipDisks)
		if err != nil {
			return "", err
		}
		return "", confirm(cmd, l.what(c.dev.Path(), disk), l.save(c.dev.Path())+"; --yes gives it up as it is", o.Yes)
	}
	h, err := compare(cmd.Context(), l.log, l.binding.ID, o.ReplayedTo, p)
	switch {
	case err != nil:
		return "", err
	case h.missing > 0:
		return "", l.notThere(c.dev.Path(), h)
	case h.partly:
		err = confirm(cmd, l.what(c.dev.Path(), h.String()), "--yes, beside --replayed-to, gives up the rest, which nobody can read", o.Yes)
	}
	return "; " + h.String(), err
}

// notThere refuses to give up what is not where it is said to be. No word
// covers that: whoever names a disk means to keep the data.
func (l *loss) notThere(path string, h *holding) error {
	return control.Errorf(control.HasContent, "%s. Nothing is given up, for --replayed-to says that it is there: name what `lc replay %s --device %d --force-binding%s --to FILE` has written; `lc forget %s %d --yes`, without --replayed-to, gives up what may be on no disk",
		l.what(path, h.String()), path, l.binding.ID, l.skip(), path, l.binding.ID)
}

// what says what would be lost, and how a disk is compared to it.
func (l *loss) what(path, disk string) string {
	b := l.binding
	what := fmt.Sprintf("%s holds %s of device %d (%s, %s) that was not migrated; %s", path, l, b.ID, control.Show(b.Name),
		humanize.IBytes(b.Sectors*segment.SectorSize), disk)
	for i := range l.log.Damage {
		what += fmt.Sprintf("; damaged: %s", &l.log.Damage[i])
	}
	return what
}

// skip is the option that a replay of this log wants.
func (l *loss) skip() string {
	if l.log.Damaged() {
		return " --skip-damage"
	}
	return ""
}

// save says how to save the data first.
func (l *loss) save(path string) string {
	id := l.binding.ID
	if l.whole == 0 {
		return "the log has nothing of it that is whole, so there is nothing to replay"
	}
	saves, word, then := "saves that", "", "gives up what was saved so"
	if l.partly() {
		saves, word, then = "saves what is whole", " --yes", "gives up what was saved so, and what nobody can read"
	}
	return fmt.Sprintf("`lc replay %s --device %d --force-binding%s --to FILE` %s first, and `lc forget %s %d --replayed-to FILE%s` %s",
		path, id, l.skip(), saves, path, id, word, then)
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

// confirm wants the word of somebody who has read what it means: what may be
// lost, and the way on.
func confirm(cmd *cobra.Command, what, way string, yes bool) error {
	if yes {
		fmt.Fprintln(cmd.ErrOrStderr(), what)
		return nil
	}
	if onTerminal(cmd) {
		return typed(cmd, what+"; "+way)
	}
	return control.Errorf(control.HasContent, "%s; %s", what, way)
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
