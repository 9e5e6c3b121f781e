package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

func statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [caches/ID | devices/ID]...",
		Short: "Tell all about the server, the caches and the devices",
		RunE: func(cmd *cobra.Command, args []string) error {
			var s control.Status
			if err := call(cmd, control.VerbStatus, nil, &s); err != nil {
				return err
			}
			if err := selectStatus(&s, args); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), s)
			}
			return printStatus(cmd.OutOrStdout(), &s, len(args) == 0)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// selectStatus keeps only the named caches and devices; all when none is named.
func selectStatus(s *control.Status, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	caches, devices := []control.CacheStatus{}, []control.DeviceStatus{}
	for _, p := range paths {
		found := false
		for _, c := range s.Caches {
			if within(p, "caches", c.ID) {
				caches, found = append(caches, c), true
			}
		}
		for _, d := range s.Devices {
			if within(p, "devices", d.ID) {
				devices, found = append(devices, d), true
			}
		}
		if !found {
			return control.Errorf(control.NotFound, "%s: no such cache or device; `lc list` shows what there is", p)
		}
	}
	s.Caches, s.Devices = caches, devices
	return nil
}

func within(path, dir string, id int) bool {
	path = strings.Trim(path, "/")
	return path == dir || path == dir+"/"+strconv.Itoa(id)
}

func printStatus(w io.Writer, s *control.Status, whole bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if whole {
		fmt.Fprintf(t, "server\tprocess %d, up %v, version %s\n", s.Server.PID, time.Duration(s.Server.UptimeSeconds)*time.Second, s.Server.Version)
		fmt.Fprintf(t, "daemon\t%s\n", daemonText(s.Daemon))
	}
	for i := range s.Caches {
		printCache(t, &s.Caches[i])
	}
	for i := range s.Devices {
		printDevice(t, &s.Devices[i])
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func printCache(w io.Writer, c *control.CacheStatus) {
	l, m := &c.Log, &c.Migration
	fmt.Fprintf(w, "\ncaches/%d\t%s\n", c.ID, condition(c.State, c.Doing))
	rows := [][2]string{
		{"device", c.Device + " (" + c.DeviceNo + "), " + humanize.IBytes(c.SizeBytes)},
		{"uuid", c.UUID},
		{"label", orDash(control.Show(c.Label))},
		{"segments", fmt.Sprintf("%d of %s", c.Segments, humanize.IBytes(uint64(c.SegmentSize)))},
		{"current id", fmt.Sprint(l.CurrentID)},
		{"last flushed id", fmt.Sprint(l.LastFlushedID)},
		{"last migrated id", fmt.Sprint(l.LastMigratedID)},
		{"dirty blocks", dirty(l.DirtyBlocks)},
		{"requests", fmt.Sprintf("%d reads (%s), %d writes (%s), %d flushes", l.Reads, sectors(l.ReadSectors), l.Writes, sectors(l.WriteSectors), l.Flushes)},
		{"reads from", fmt.Sprintf("RAM %s, log %s, backing %s", sectors(l.HitRAMSectors), sectors(l.HitLogSectors), sectors(l.MissSectors))},
		{"log", fmt.Sprintf("%d records, %s, %d flushes, %d overwritten in place", l.Records, humanize.IBytes(l.LogBytes), l.LogFlushes, l.InPlace)},
		{"log errors", fmt.Sprintf("%d writes, %d flushes", l.LogWriteErrors, l.LogFlushErrors)},
		{"waits so far", fmt.Sprintf("%d for a segment, %d for a buffer", l.WaitSlot, l.WaitBuffer)},
		{"migration", fmt.Sprintf("%s; %d segments in %d batches, %d writes (%s), %d flushes", m.State, m.Segments, m.Batches, m.Writes, humanize.IBytes(m.Bytes), m.Flushes)},
		{"migration errors", fmt.Sprintf("%d operations, %d batches", m.Errors, m.Failed)},
		{"index", humanize.IBytes(uint64(max(0, l.IndexBytes)))},
	}
	for _, r := range rows {
		fmt.Fprintf(w, "  %s\t%s\n", r[0], r[1])
	}
	if l.Broken != "" {
		fmt.Fprintf(w, "  broken\t%s\n", l.Broken)
	}
	printNote(w, c.Note)
	for _, what := range c.WaitsFor {
		fmt.Fprintf(w, "  waits\t%s\n", what)
	}
}

func printDevice(w io.Writer, d *control.DeviceStatus) {
	fmt.Fprintf(w, "\ndevices/%d\t%s\n", d.ID, condition(d.State, d.Doing))
	rows := [][2]string{
		{"name", d.Name},
		{"node", orDash(strings.TrimSpace(d.Node + " " + d.Link))},
		{"cache", cacheOf(&d.DeviceLine)},
		{"backing", d.Backing + " (" + d.BackingNo + "), " + humanize.IBytes(d.SizeBytes)},
		{"dirty blocks", dirty(d.DirtyBlocks)},
		{"errors", fmt.Sprint(d.Errors)},
		{"backing busy", fmt.Sprintf("%d%%, migration up to %d%%", d.BackingBusy, d.MigrateThreshold)},
	}
	if b := &d.Bypass; d.SequentialCutoff > 0 || b.SequentialWrites+b.CongestedWrites+b.OccupiedWrites+b.WitnessedWrites > 0 {
		rows = append(rows, [2]string{"bypassed the log", fmt.Sprintf("%d writes of long streams (%s), %d while the cache device was slow (%s); %d did not for data in the log, %d for what tells the disk from others",
			b.SequentialWrites, humanize.IBytes(b.SequentialBytes), b.CongestedWrites, humanize.IBytes(b.CongestedBytes), b.OccupiedWrites, b.WitnessedWrites)})
	}
	for _, r := range rows {
		fmt.Fprintf(w, "  %s\t%s\n", r[0], r[1])
	}
	printNote(w, d.Note)
}

func printNote(w io.Writer, note string) {
	if note != "" {
		fmt.Fprintf(w, "  !!\t%s\n", note)
	}
}

func sectors(n uint64) string { return humanize.IBytes(n * 512) }
