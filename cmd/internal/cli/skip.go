package cli

import (
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// skipHelp is what drain and detach say of damage.
const skipHelp = "\n\nIf a part of the log is damaged, it ends there with code 11 (damaged) and says what it is. With --skip-damage\n" +
	"it lists all that is damaged, and the sectors lost with it; with --yes too, it goes on and leaves out just that.\n" +
	"The sectors lost then keep an older content, beside newer ones: the device is no state that it ever was in, and\n" +
	"what is on it should be checked. The code is 19 (left-out) then."

// skipOptions are what drain and detach may do about damage.
type skipOptions struct{ skip, yes bool }

func (o *skipOptions) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.skip, "skip-damage", false, "list what is damaged in the log, and with --yes leave it out")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "lose what --skip-damage lists")
}

// drainPast drains or detaches, and leaves out what is damaged if that is wanted.
func (o *skipOptions) drainPast(cmd *cobra.Command, verb, what, arg string) error {
	id, err := parseID(what, arg)
	if err != nil {
		return err
	}
	args := control.DrainArgs{ID: id}
	if o.yes && !o.skip {
		return control.Errorf(control.Usage, "--yes goes with --skip-damage")
	}
	if o.skip {
		if args.Skip, err = o.ask(cmd, what, id); err != nil {
			return err
		}
	}
	var done control.Done
	if err := call(cmd, verb, args, &done); err != nil {
		return err
	}
	if len(args.Skip) > 0 {
		return control.Errorf(control.LeftOut, "%s", done.Text)
	}
	printDone(cmd.OutOrStdout(), done)
	return nil
}

// ask shows what is damaged, and returns it if it may be left out.
func (o *skipOptions) ask(cmd *cobra.Command, what string, id int) ([]control.BadRecord, error) {
	a := control.DamageArgs{Cache: id}
	if what == "device" {
		a = control.DamageArgs{Device: id}
	}
	var d control.Damage
	if err := call(cmd, control.VerbDamage, a, &d); err != nil {
		return nil, err
	}
	printDamage(cmd.OutOrStdout(), &d)
	if len(d.Records) > 0 && !o.yes {
		return nil, control.Errorf(control.Damaged, "cache %d: %s damaged; nothing was changed; with --yes what is listed above is left out", d.Cache, isAre(len(d.Records)))
	}
	var list []control.BadRecord
	for _, r := range d.Records {
		list = append(list, r.BadRecord)
	}
	return list, nil
}

func isAre(n int) string {
	if n == 1 {
		return "1 record is"
	}
	return fmt.Sprintf("%d records are", n)
}

func printDamage(w io.Writer, d *control.Damage) {
	if len(d.Records) == 0 {
		fmt.Fprintf(w, "nothing is damaged in what cache %d has to migrate\n", d.Cache)
	}
	for i := range d.Records {
		r := &d.Records[i]
		fmt.Fprintf(w, "damaged record %d of segment %d (byte %d): %s\n", r.Seq, r.Segment, r.Offset, r.Reason)
		for _, s := range r.Missing {
			fmt.Fprintf(w, "lost device %d (%s), %s (%s)\n", s.Device, control.Show(s.Name), inspect.Range{LBA: s.LBA, Sectors: s.Sectors}, humanize.IBytes(s.Sectors*segment.SectorSize))
		}
		if len(r.Missing) == 0 {
			fmt.Fprintln(w, "lost nothing: newer data of the same sectors is in the log")
		}
	}
}
