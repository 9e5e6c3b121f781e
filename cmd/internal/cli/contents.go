package cli

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// contents are what a cache holds.
type contents struct {
	text      string // which cache it is, and what is in its log
	empty     bool   // the log is known to hold nothing that counts
	resumable bool
	way       string            // what can be done with it, if no log can be found
	devices   []segment.Binding // whose data it holds, of a log that is read to its end
}

// describeCache looks what a cache holds.
func describeCache(dev *blockdev.Device) *contents {
	super, err := logcache.ReadSuper(dev)
	switch {
	case errors.Is(err, segment.ErrVersion):
		return &contents{text: fmt.Sprintf("which this program cannot read (%v)", err), way: "A newer lc tells what is in it"}
	case err != nil:
		return &contents{text: fmt.Sprintf("with a superblock that cannot be read (%v)", err), way: manager.WithoutSuper(dev.Path())}
	}
	if err := super.Writable(); err != nil {
		return &contents{text: fmt.Sprintf("of which this program does not know all (%v)", err), way: "A newer lc tells what is in it"}
	}
	var extents [segment.MaxDevices + 1]int
	all, given := 0, 0
	forgotten := super.GivenUp()
	reader := blockdev.NewBatchReader(dev)
	defer reader.Close()
	_, err = segment.Recover(reader, super, func(r *segment.Record) {
		for i := range int(r.Extents) {
			if id := r.Extent(i).Device; forgotten.Covers(id, r.Seq) {
				given++
			} else {
				extents[id]++
				all++
			}
		}
	})
	text := "UUID " + uuid.UUID(super.UUID).String()
	if super.Label != "" {
		text += fmt.Sprintf(", label %q", super.Label)
	}
	switch {
	case err != nil:
		return &contents{text: text + fmt.Sprintf(", with a log that cannot be read to its end (%v)", err)}
	case all == 0 && given > 0:
		return &contents{text: text + ", with a log of which all is given up", empty: true, resumable: true}
	case all == 0:
		return &contents{text: text + ", with an empty log", empty: true, resumable: true}
	}
	c := &contents{text: text + fmt.Sprintf(", with %d writes in its log that were not migrated", all), resumable: true}
	for _, b := range super.Bindings {
		if extents[b.ID] > 0 {
			c.devices = append(c.devices, b)
		}
	}
	return c
}

// saved is how what is left of a log is saved from a disk that is another
// program's now, or "" if there is nothing to save.
func (c *contents) saved(path string) string {
	if c.empty {
		return ""
	}
	return fmt.Sprintf("; `lc replay %s --dry-run` tells what can be saved of that", path)
}

// waysOn are what can be done with the data in a log, but losing all of it.
func (c *contents) waysOn(path string) string {
	switch {
	case c.way != "":
		return c.way
	case !c.resumable:
		return fmt.Sprintf("`lc check %s` tells what is damaged, and %s", path, manager.Brings(path))
	}
	which := "ID"
	if len(c.devices) == 1 {
		which = fmt.Sprint(c.devices[0].ID)
	}
	ways := fmt.Sprintf("`lc resume`, `lc attach` and `lc drain` bring that to its disks; so do `lc replay %s --device %s --to BACKING` and then `lc forget %s %s --replayed-to BACKING`; `lc forget %s %s` gives a device's up",
		path, which, path, which, path, which)
	for i, b := range c.devices {
		sep := ", or "
		if i == 0 {
			sep = ". The device is "
		}
		ways += fmt.Sprintf("%s%d (%s)", sep, b.ID, control.Show(b.Name))
	}
	return ways
}
