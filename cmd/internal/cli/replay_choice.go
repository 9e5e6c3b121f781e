package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// target is where a replay writes to; nil, or with a nil device, if only a list
// is wanted.
type target struct {
	*blockdev.Device
	disk  *whose.Disk
	blank bool // a file without any data: there is nothing to lose
}

// asked are the devices to go through, 0 for the one that is meant: all that the
// log has data of for a list that is about no disk in particular.
func asked(log *inspect.Log, o *ReplayOptions) (ids []int) {
	if with := withData(log); o.DryRun && o.To == "" && o.Device == 0 && !o.JSON && len(with) > 1 {
		for i := range with {
			ids = append(ids, int(with[i].ID))
		}
		return ids
	}
	return []int{o.Device}
}

// chooseDevice is the device that is meant: the one named, the only one that
// the log has data of, or of several the one whose disk the target is.
func chooseDevice(log *inspect.Log, to *target, id int) (uint8, error) {
	if len(log.Super.Bindings) == 0 {
		return 0, control.Errorf(control.NotFound, "no device is bound to this log")
	}
	with := withData(log)
	if id != 0 {
		return named(log, with, uint8(id))
	}
	if len(with) == 0 {
		return log.Super.Bindings[0].ID, nil // nothing to write, of anybody
	}
	if to != nil && len(with) > 1 {
		with = ofTarget(log.Super, with, to.disk)
	}
	if len(with) > 1 {
		return 0, control.Errorf(control.Usage, "the log has data of several devices; name one with --device: %s", listed(with))
	}
	return with[0].ID, nil
}

// withData are the devices of which the log has data, or had before it was damaged.
func withData(log *inspect.Log) (with []inspect.DeviceReport) {
	for _, d := range log.Report().Devices {
		if d.Dirty > 0 || len(d.Lost) > 0 {
			with = append(with, d)
		}
	}
	return with
}

// named refuses a device of which there is nothing to write, while there is of
// another one.
func named(log *inspect.Log, with []inspect.DeviceReport, id uint8) (uint8, error) {
	for i := range with {
		if with[i].ID == id {
			return id, nil
		}
	}
	if b := log.Super.Binding(id); b != nil && len(with) > 0 {
		return 0, control.Errorf(control.NotFound, "the log has no data of device %d (%s); it has of %s", id, control.Show(b.Name), listed(with))
	}
	return id, nil
}

// ofTarget are the devices whose disk the target is, or all if it is none's.
func ofTarget(s *segment.Super, with []inspect.DeviceReport, disk *whose.Disk) []inspect.DeviceReport {
	var its []inspect.DeviceReport
	for i := range with {
		if disk.Identity(s.Binding(with[i].ID)) == whose.Same {
			its = append(its, with[i])
		}
	}
	if len(its) > 0 {
		return its
	}
	return with
}

// listed names devices, with what the log has of them.
func listed(all []inspect.DeviceReport) string {
	var names []string
	for _, d := range all {
		names = append(names, fmt.Sprintf("%d (%s, %s of a disk of %s)", d.ID, control.Show(d.Name),
			humanize.IBytes(d.Dirty*segment.SectorSize), humanize.IBytes(d.Sectors*segment.SectorSize)))
	}
	return strings.Join(names, ", ")
}

// checkTarget refuses a disk that is not the one the log is bound to, was
// changed since, or may be any, unless it is forced.
func checkTarget(plan *inspect.Plan, log *inspect.Log, cache *blockdev.Device, to *target, force bool) error {
	if err := plan.CheckRoom(to.disk.Sectors); err != nil {
		return fmt.Errorf("%s: %w", to.Path(), err)
	}
	if force {
		return nil
	}
	b := &plan.Binding
	content, verdict, err := whose.Content(to.Device, b.Witness, versionsOf(log, b.ID), cache)
	if err != nil {
		return err
	}
	identity := to.disk.Identity(b)
	original, err := to.disk.Original(b, blockdev.KnownBy)
	if err != nil {
		return err
	}
	its := content == whose.Same || identity == whose.Same
	why := ""
	switch {
	case original != "" && (content == whose.Same || content == whose.Changed):
		why = fmt.Sprintf("by its identity, %s is that disk, and this is a copy of it", original)
	case verdict != nil && verdict.Changed():
		why = fmt.Sprintf("it was written to without the cache, which the log would undo in part, or it is another disk: %s", verdict)
	case to.disk.Sectors < b.Sectors, to.disk.Sectors > b.Sectors && !its:
		why = fmt.Sprintf("device %d (%q) has %d sectors, the target has %d", b.ID, b.Name, b.Sectors, to.disk.Sectors)
	case identity == whose.Other && !its:
		why = fmt.Sprintf("device %d (%q) has fingerprint %016x, the target has %016x", b.ID, b.Name, b.Fingerprint, to.disk.Prints[0])
	case identity == whose.Silent && content == whose.Silent && !to.blank:
		return control.Errorf(control.Mismatch, "%s: nothing tells whether it is the disk of device %d (%s): the host has no identity of it to compare, and nothing written on it tells; if it is, or is a copy of it, --force-binding writes it", to.Path(), b.ID, control.Show(b.Name))
	default:
		return nil
	}
	return control.Errorf(control.Mismatch, "%s: not the disk that the log is bound to, or not as it was: %s; --force-binding writes it all the same", to.Path(), why)
}

// versionsOf is what the log has of the sectors that a device's witness is about.
func versionsOf(log *inspect.Log, id uint8) *witness.Versions {
	c := witness.NewCollector(log.Super)
	for i := range log.Records {
		r := &log.Records[i]
		for j := range r.Extents {
			c.Place(&r.Header, &r.Extents[j])
		}
	}
	return c.Versions(id)
}
