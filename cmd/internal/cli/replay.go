package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// ReplayOptions are the options of replay.
type ReplayOptions struct {
	To           string
	Device       int
	DryRun       bool
	SkipDamage   bool
	StopAtDamage bool
	ForceBinding bool
	AcceptStale  bool
	JSON         bool
	SkipDisks    []string

	past bool // the log is an old copy, or left on another program's disk: there is nothing to give up in it
}

func replayCommand() *cobra.Command {
	var o ReplayOptions
	cmd := &cobra.Command{
		Use:   "replay DEV --to BACKING",
		Short: "Rescue: write a log's data onto a disk, without changing the cache",
		Long: "Rescue: write the data that a log holds of one device onto its disk, or with --force-binding onto a copy\n" +
			"of it. The cache is only read; neither a server nor ublk is needed. Data is verified before it is written,\n" +
			"oldest first, and the disk is flushed. Stopped half-way, it can simply be started again.\n\n" +
			"Of a damaged log nothing is written until you choose: --stop-at-damage writes what is older than the first\n" +
			"damage, so that the disk becomes a past state of the device (unless a crash interrupted a migration: then it\n" +
			"may hold newer data here and there already); --skip-damage writes all that is whole and lists the sectors\n" +
			"that are lost, which keep an older content beside newer ones: the disk is then no state that the device ever\n" +
			"was in, and what is on it should be checked. When something was left out, the exit code is 19 (left-out).\n" +
			"--dry-run shows what either would do.\n\n" +
			"A FILE that does not exist is made, sparse and as large as the disk. It holds only what the log has: to mount it, make\n" +
			"FILE a copy of the disk first. A second replay to it wants --force-binding, as one to any copy does.\n\n" +
			"A disk that another cache on this host holds data for is refused: it would be written to behind that one's log. So is\n" +
			"any disk beside a cache that cannot be read, for it may. --skip-disk goes on without asking that cache, and\n" +
			"--force-binding without asking any.\n\n" +
			"An old copy of a cache, such as an image of the SSD, is refused when the newer one is on this host, or was: it would\n" +
			"put older data over newer. --accept-stale writes it all the same; a FILE without any data takes it with a warning.\n\n" +
			"Afterwards the cache still holds the data. Once the disk was written to by anything else, the log's copy is out\n" +
			"of date: `lc forget --replayed-to` gives it up before that, else the log would put its older data over what is new.",
		Annotations: map[string]string{unprivileged: "files are their owner's; devices are root's anyway"},
		Args:        exactly("DEV"),
		RunE:        func(cmd *cobra.Command, args []string) error { return Replay(cmd, args[0], o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.To, "to", "", "the disk, or the file, to write to")
	f.IntVar(&o.Device, "device", 0, "id of the device in the log (default: the only one it has data of, or the one whose disk this is)")
	f.BoolVar(&o.DryRun, "dry-run", false, "only list what would be written; without --to and --device, of all devices")
	f.BoolVar(&o.SkipDamage, "skip-damage", false, "leave out what is damaged, and list the sectors lost")
	f.BoolVar(&o.StopAtDamage, "stop-at-damage", false, "write only what is older than the first damage")
	f.BoolVar(&o.ForceBinding, "force-binding", false, "write although it is not the disk that the log is bound to, or nothing tells")
	f.BoolVar(&o.AcceptStale, "accept-stale", false, "write what an old copy of a cache holds, over what may be newer")
	skipDisksFlag(cmd, &o.SkipDisks)
	jsonFlag(cmd, &o.JSON)
	return cmd
}

func (o *ReplayOptions) check() error {
	if err := absoluteAll(o.SkipDisks); err != nil {
		return err
	}
	switch {
	case o.To == "" && !o.DryRun:
		return control.Errorf(control.Usage, "needs --to BACKING, or --dry-run")
	case o.SkipDamage && o.StopAtDamage:
		return control.Errorf(control.Usage, "takes --skip-damage or --stop-at-damage, not both")
	case o.Device != 0:
		return control.CheckID("device", o.Device)
	}
	return nil
}

func (o *ReplayOptions) choice() inspect.Choice {
	switch {
	case o.SkipDamage:
		return inspect.Skip
	case o.StopAtDamage:
		return inspect.StopBefore
	}
	return inspect.Refuse
}

// Replay writes the data of one device, or lists it.
func Replay(cmd *cobra.Command, path string, o ReplayOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	return withOffline(cmd, path, lookStill, func(c *offline, p *progress) error {
		if o.To == "" || isNew(o.To) {
			return surveyAndReplay(cmd, c, nil, &o, p)
		}
		to, err := openTarget(&o, path)
		if err != nil {
			return err
		}
		return errors.Join(surveyAndReplay(cmd, c, to, &o, p), to.Close())
	})
}

func surveyAndReplay(cmd *cobra.Command, c *offline, to *target, o *ReplayOptions, p *progress) error {
	log, err := c.survey(cmd.Context(), p)
	if err != nil {
		return err
	}
	for _, id := range asked(log, o) {
		one := *o
		one.Device = id
		if err := replayOne(cmd, c, log, to, &one, p); err != nil {
			return err
		}
	}
	return nil
}

// replayOne makes the target if there is none yet.
func replayOne(cmd *cobra.Command, c *offline, log *inspect.Log, to *target, o *ReplayOptions, p *progress) (err error) {
	plan, err := makePlan(log, c.dev, to, o)
	if err != nil {
		return err
	}
	p.end()
	if o.past, err = c.past(cmd, to, o); err != nil {
		return err
	}
	if err := c.refuseBehind(cmd, to, o); err != nil {
		return err
	}
	if to != nil || o.DryRun {
		return replayPlan(cmd, c, plan, to, o, p)
	}
	if to, err = makeTarget(cmd, plan, o); err != nil {
		return err
	}
	return errors.Join(replayPlan(cmd, c, plan, to, o, p), to.Close())
}

// replayPlan writes, unless it is a dry run, and reports.
func replayPlan(cmd *cobra.Command, c *offline, plan *inspect.Plan, to *target, o *ReplayOptions, p *progress) error {
	if !o.DryRun {
		w, err := newBlockWriter(to.Device)
		if err != nil {
			return err
		}
		err = plan.Replay(cmd.Context(), w, p.percent("written"))
		if errors.Is(err, context.Canceled) {
			err = control.Errorf(control.Interrupted, "interrupted: %s has a part of the data; the same command writes all of it", to.Path())
		}
		if err := errors.Join(err, w.close()); err != nil {
			return err
		}
	}
	p.end()
	report := describePlan(plan, to, o)
	if o.JSON {
		return errors.Join(printJSON(cmd.OutOrStdout(), replayOf(report)), report.leftOut())
	}
	if err := printPlan(cmd.OutOrStdout(), report); err != nil {
		return err
	}
	if !o.DryRun && report.Sectors > 0 && !o.past {
		fmt.Fprintf(cmd.OutOrStdout(), "the log still holds this data; when %s is used from now on, give the log's copy up: `lc forget %s %d --replayed-to %s`\n", to.Path(), c.dev.Path(), report.Device, to.Path())
	}
	return report.leftOut()
}

// leftOut is the end of a replay that did not write all there was.
func (r *PlanReport) leftOut() error {
	switch {
	case r.DryRun:
		return nil
	case r.LeftOut > 0:
		return control.Errorf(control.LeftOut, "all that is older than the damage is written; %s left out", isAre(r.LeftOut))
	case len(r.Lost) > 0 || !r.LostExact:
		return control.Errorf(control.LeftOut, "all that is whole is written; what was lost is listed above")
	}
	return nil
}

// makePlan refuses a wrong device, a wrong disk, and damage without a choice.
func makePlan(log *inspect.Log, cache *blockdev.Device, to *target, o *ReplayOptions) (*inspect.Plan, error) {
	device, err := chooseDevice(log, to, o.Device)
	if err != nil {
		return nil, err
	}
	plan, err := log.Plan(device, o.choice())
	if errors.Is(err, segment.ErrDamaged) {
		return nil, fmt.Errorf("%w; choose: --stop-at-damage writes only what is older, --skip-damage writes all that is whole; --dry-run shows what comes of it", err)
	}
	if err != nil {
		return nil, err
	}
	if to != nil {
		if err := checkTarget(plan, log, cache, to, o.ForceBinding); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// PlanReport is what replay prints, to people.
type PlanReport struct {
	Device    uint8
	Name      string
	Target    string
	DryRun    bool
	Records   int
	LeftOut   int
	Sectors   uint64
	Extents   []inspect.Range
	GivenUp   uint64 // records up to this one count no more, and are not written
	Lost      []inspect.Range
	LostExact bool
}

func describePlan(p *inspect.Plan, to *target, o *ReplayOptions) *PlanReport {
	r := &PlanReport{
		Device: p.Binding.ID, Name: p.Binding.Name, DryRun: o.DryRun, Records: p.Records, LeftOut: p.LeftOut, Sectors: p.Sectors(),
		Extents: p.Ranges, Lost: p.Lost, LostExact: p.Exact,
		GivenUp: p.Binding.GivenUp,
	}
	switch {
	case to != nil:
		r.Target = to.Path()
	case o.To != "":
		r.Target = o.To
	}
	return r
}

func printPlan(w io.Writer, r *PlanReport) error {
	verb := "wrote"
	if r.DryRun {
		verb = "would write"
		for _, e := range r.Extents {
			fmt.Fprintf(w, "write %s\n", e)
		}
	}
	for _, e := range r.Lost {
		fmt.Fprintf(w, "lost %s: an older content is there\n", e)
	}
	if !r.LostExact {
		fmt.Fprintln(w, "lost: perhaps more, or something else: a damaged header does not say it for certain; see `lc check`")
	}
	if r.GivenUp > 0 {
		fmt.Fprintf(w, "what records up to %d hold was given up, and is not written\n", r.GivenUp)
	}
	if r.LeftOut > 0 {
		fmt.Fprintf(w, "left out %s behind the damage\n", inspect.Count(r.LeftOut, "record"))
	}
	to := ""
	if r.Target != "" {
		to = " to " + r.Target
	}
	_, err := fmt.Fprintf(w, "%s %d sectors (%s) of device %d (%s) in %s%s\n", verb, r.Sectors,
		humanize.IBytes(r.Sectors*segment.SectorSize), r.Device, control.Show(r.Name), inspect.Count(len(r.Extents), "extent"), to)
	return err
}
