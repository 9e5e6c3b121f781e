package inspect

import (
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
)

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) linef(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// entry is a line with a heading.
func (p *printer) entry(head, format string, args ...any) {
	p.linef("%-12s %s", head, fmt.Sprintf(format, args...))
}

// Fprint prints a report, with a line for each segment if they are asked for.
func (r *Report) Fprint(w io.Writer, segments bool) error {
	p := &printer{w: w}
	p.entry("cache", "%s%s", r.UUID, quoted(r.Label))
	for i, c := range r.Superblocks {
		p.entry("superblock "+string(rune('A'+i)), "byte %d: %s", c.Offset, c.verdict())
	}
	p.entry("geometry", "%d slots of %s from byte %d on, blocks of %d bytes, records aligned to %d", r.Slots, humanize.IBytes(uint64(r.SegmentBytes)), r.LogOffset, r.BlockBytes, r.AlignBytes)
	p.entry("migrated", "segments up to %d, records up to %d", r.LastMigrated, r.MigratedSeq)
	p.entry("durable", "records up to %d; the superblock states %d", r.DurableSeq, r.StatedSeq)
	for i := range r.Devices {
		r.Devices[i].print(p)
	}
	r.printLog(p, segments)
	for i := range r.Damage {
		r.Damage[i].print(p)
	}
	for _, u := range r.Unreadable {
		p.entry("unreadable", "%s", u)
	}
	if r.Doubt != "" {
		p.entry("doubt", "%s; the log ends there: one more record may have been there, and nobody knows whether it was durable", r.Doubt)
	}
	for i := range r.Devices {
		r.Devices[i].printLost(p)
	}
	p.entry("state", "%s", r.State.sentence(r.Clean))
	return p.err
}

func quoted(label string) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf(" %q", label)
}

func (c *CopyReport) verdict() string {
	switch {
	case c.Problem != "":
		return "not valid: " + c.Problem
	case c.InForce:
		return fmt.Sprintf("generation %d, valid, in force", c.Generation)
	}
	return fmt.Sprintf("generation %d, valid", c.Generation)
}

func (d *DeviceReport) print(p *printer) {
	witness := "no witness"
	if d.Witness {
		witness = "a witness"
	}
	p.entry(fmt.Sprintf("device %d", d.ID), "%q, %s, %d sectors, UUID %s, fingerprint %016x, %s: %d extents, %d dirty sectors",
		d.Name, d.State, d.Sectors, d.UUID, d.Fingerprint, witness, d.Extents, d.Dirty)
	if d.GivenUp > 0 {
		p.entry("given up", "device %d: what records up to %d hold of it counts no more, and is not replayed: %s", d.ID, d.GivenUp, Count(d.Ignored, "extent"))
	}
}

func (r *Report) printLog(p *printer, segments bool) {
	if r.Records == 0 {
		p.entry("log", "empty")
	} else {
		first, last := &r.Segments[0], &r.Segments[len(r.Segments)-1]
		p.entry("log", "segments %d-%d, %d records, sequences %d-%d, %s", first.Segment, last.Segment, r.Records, first.FirstSeq, last.LastSeq, r.payload())
	}
	if segments {
		for _, s := range r.Segments {
			p.entry("", "segment %d: slot %d, byte %d, epoch %d, records %d-%d, ends at sector %d", s.Segment, s.Slot, s.Offset, s.Epoch, s.FirstSeq, s.LastSeq, s.End)
		}
	}
	if r.Torn {
		where := "the last migrated segment"
		if r.End != nil {
			where = r.End.String()
		}
		p.entry("torn tail", "behind %s: no barrier had covered it, and it is dropped; this is normal", where)
	}
}

// payload tells what came of looking at the data of the log.
func (r *Report) payload() string {
	bad := 0
	for i := range r.Damage {
		if r.Damage[i].Kind == DamagedPayload {
			bad++
		}
	}
	switch {
	case !r.Verified:
		return "payload not verified"
	case bad > 0:
		return fmt.Sprintf("payload verified, and not whole in %s", Count(bad, "record"))
	}
	return "payload verified"
}

func (d *DamageReport) print(p *printer) {
	p.entry("damage", "%s", d.String())
	blocks := ""
	if d.Kind == DamagedPayload {
		blocks = ", all blocks of 4 KiB of the device of which a part is bad"
	}
	for _, h := range d.Held {
		p.entry("", "%sdevice %d, %s%s", guess(d.Guessed), h.Device, h.Range, blocks)
	}
	if d.Unknown > 0 {
		p.entry("", "nobody knows what %s held", Count(int(d.Unknown), "record"))
	}
}

func guess(yes bool) string {
	if yes {
		return "by what is left of a header: "
	}
	return ""
}

// Count is "1 thing" or "n things".
func Count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (d *DamageReport) String() string {
	var b strings.Builder
	if d.FirstSeq == d.LastSeq {
		fmt.Fprintf(&b, "record %d", d.FirstSeq)
	} else {
		fmt.Fprintf(&b, "records %d-%d", d.FirstSeq, d.LastSeq)
	}
	fmt.Fprintf(&b, " at %s: %s: %s", d.Place, d.Kind, strings.ReplaceAll(d.Reason, "\n", "; "))
	if d.Next != nil {
		fmt.Fprintf(&b, "; the next whole record is at %s", *d.Next)
	}
	return b.String()
}

func (d *Damage) String() string {
	r := d.report()
	return r.String()
}

// String is sectors a-b.
func (r Range) String() string {
	if r.Sectors == 1 {
		return fmt.Sprintf("sector %d", r.LBA)
	}
	return fmt.Sprintf("sectors %d-%d", r.LBA, r.end()-1)
}

func (d *DeviceReport) printLost(p *printer) {
	for _, r := range d.Lost {
		p.entry("lost", "device %d, %s: no newer version is in the log", d.ID, r)
	}
	if !d.LostExact {
		p.entry("lost", "device %d: perhaps more, or something else: see above", d.ID)
	}
}

func (s State) sentence(clean bool) string {
	switch s {
	case Replaced:
		return "replaced: another program has this disk now, and the above is what is left of the cache"
	case Damaged:
		return "damaged: something that was durable is not whole"
	case Clean:
		return "clean: shut down, and whole"
	case Doubt:
		return "sound as far as it can be read; what was written last may be lost, for the log ends where it cannot be read"
	case Torn:
		return "sound: not shut down; what was being written is cut off"
	}
	if clean {
		return "sound: whole, although the log does not end where the clean shutdown says"
	}
	return "sound: not shut down, and whole"
}
