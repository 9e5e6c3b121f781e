package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/ublk-lc/ublk-lc/segment"
)

type checkOptions struct {
	Log            string
	Cache, Backing int64
	Seed           uint64
	Variants       int
	Every          int
	Min            int
	Ext4           int
	Lose           int
}

// checker goes through a record.
type checker struct {
	checkOptions
	log      *os.File
	entries  []entry
	image    *image
	host     *host
	rnd      *rand.Rand
	waiting  []*entry // written, and not covered by a flush yet
	since    []*entry // FUA writes since the last flush
	ledger   ledger
	files    files
	versions []uint64

	formatted, fs bool
	boundaries    int // seen so far
	ext4Every     int
	n             struct{ flushes, fuas, marks, writes, exact, partial, torn, unformatted, detached, ext4, forgotten int }
}

func check(o checkOptions) error {
	start := time.Now()
	c, err := newChecker(o)
	if err != nil {
		return err
	}
	for i := range c.entries {
		if err := c.step(&c.entries[i]); err != nil {
			return fmt.Errorf("entry %d of %d (seed %d): %w", i, len(c.entries), o.Seed, err)
		}
	}
	n := &c.n
	fmt.Printf("%d entries: %d writes, %d FLUSH, %d FUA, %d marks\n", len(c.entries), n.writes, n.flushes, n.fuas, n.marks)
	fmt.Printf("%d states recovered in %v: %d at a FLUSH or FUA, %d just before one, with %d writes torn\n", n.exact+n.partial, time.Since(start).Round(time.Millisecond), n.exact, n.partial, n.torn)
	fmt.Printf("%d before the format was complete, %d without an attached device, %d with a check of ext4\n", n.unformatted, n.detached, n.ext4)
	if last := c.entries[len(c.entries)-1].Mark; last != "end" && last != "dm-log-writes-end" {
		return errors.New("the record is cut off: its device was too small")
	}
	if n.exact < o.Min {
		return fmt.Errorf("%d states at a FLUSH or FUA are too few, %d are wanted", n.exact, o.Min)
	}
	return nil
}

func newChecker(o checkOptions) (*checker, error) {
	f, err := os.Open(o.Log)
	if err != nil {
		return nil, err
	}
	c := &checker{checkOptions: o, log: f, image: &image{b: make([]byte, o.Cache+o.Backing)}, files: files{}, rnd: rand.New(rand.NewPCG(o.Seed, 0))}
	if c.entries, err = readLog(f); err != nil {
		return nil, err
	}
	n, fs := 0, false
	for i := range c.entries {
		fs = fs || c.entries[i].Mark == "fs"
		if fs && c.entries[i].is(flagFlush|flagFUA) {
			n++
		}
	}
	c.ext4Every = max(1, n/max(1, o.Ext4))
	c.host, err = newHost(part{c.image, 0, o.Cache}, part{c.image, o.Cache, o.Backing})
	return c, err
}

// step goes past an entry.
func (c *checker) step(e *entry) error {
	switch {
	case e.is(flagMark):
		c.n.marks++
		return c.take(e.Mark)
	case e.is(flagDiscard):
		return errors.New("a discard, which the cache never sends")
	case !e.is(flagFlush | flagFUA):
		c.n.writes++
		c.waiting = append(c.waiting, e)
		return nil
	}
	c.boundaries++
	look := c.boundaries%c.Every == 0
	for i := 0; look && i < c.Variants; i++ {
		if err := c.before(e, i == 0); err != nil {
			return fmt.Errorf("just before it: %w", err)
		}
	}
	if err := c.pass(e); err != nil || !look {
		return err
	}
	c.n.exact++
	return c.recover(c.fs && c.Ext4 > 0 && c.boundaries%c.ext4Every == 0)
}

// take takes a mark in.
func (c *checker) take(mark string) error {
	kind, fields := parseMark(mark)
	switch kind {
	case "formatted":
		c.formatted = true
	case "fs":
		c.fs = true
	case "w":
		return c.ledger.announce(fields)
	case "c":
		return c.ledger.confirm(fields)
	case "f":
		c.files[fields[0]] = true
	case "r":
		delete(c.files, fields[0])
	}
	return nil
}

// pass makes durable what an entry makes durable.
func (c *checker) pass(e *entry) error {
	if e.is(flagFlush) {
		c.n.flushes++
		for _, w := range c.waiting {
			if err := c.apply(w, 0, w.Length); err != nil {
				return err
			}
		}
		c.waiting, c.since = c.waiting[:0], c.since[:0]
	}
	if e.is(flagFUA) {
		c.n.fuas++
		c.since = append(c.since, e)
	}
	if err := c.apply(e, 0, e.Length); err != nil {
		return err
	}
	c.image.keep()
	return nil
}

// apply writes bytes from … to of an entry.
func (c *checker) apply(e *entry, from, to int64) error {
	if from >= to {
		return nil
	}
	if c.Lose > 0 && c.formatted && c.rnd.IntN(c.Lose) == 0 {
		c.n.forgotten++
		return nil
	}
	// The record does not tell in which order a write with FUA and one without
	// came.
	if !e.is(flagFUA) {
		for _, f := range c.since {
			if e.Offset < f.Offset+f.Length && f.Offset < e.Offset+e.Length {
				return fmt.Errorf("a write to byte %d, length %d, and a FUA write to the same place with no flush between", e.Offset, e.Length)
			}
		}
	}
	b := make([]byte, to-from)
	if _, err := c.log.ReadAt(b, e.Data+from); err != nil {
		return err
	}
	return c.image.write(b, e.Offset+from)
}

// before looks at a state just before an entry: of what it would make durable,
// and so far is not, each write is lost, there, or torn. None of it is there if
// all is lost.
func (c *checker) before(e *entry, allLost bool) error {
	open := c.waiting
	if !e.is(flagFlush) {
		open = nil // whether these were issued by now the record does not tell
	}
	if e.Length > 0 {
		open = append(open[:len(open):len(open)], e)
	}
	for _, w := range open {
		if allLost {
			break
		}
		if err := c.damage(w); err != nil {
			return err
		}
	}
	c.n.partial++
	return c.recover(false)
}

// damage writes a part of an entry.
func (c *checker) damage(w *entry) error {
	sectors := w.Length / sectorSize
	switch c.rnd.IntN(4) {
	case 0:
		return nil
	case 1:
		return c.apply(w, 0, w.Length)
	case 2: // the first part, or the last
		c.n.torn++
		cut := c.rnd.Int64N(sectors+1) * sectorSize
		if c.rnd.IntN(2) == 0 {
			return c.apply(w, 0, cut)
		}
		return c.apply(w, cut, w.Length)
	}
	c.n.torn++
	for s := range sectors { // any of its sectors
		if c.rnd.IntN(2) == 0 {
			continue
		}
		if err := c.apply(w, s*sectorSize, (s+1)*sectorSize); err != nil {
			return err
		}
	}
	return nil
}

// recover resumes the cache on the image, checks what it shows, and takes back
// what that changed. It does so twice: a recovery changes nothing that can be read.
func (c *checker) recover(ext4 bool) error {
	defer c.image.rollback()
	if err := c.resume(ext4); err != nil {
		return err
	}
	first := slices.Clone(c.versions)
	if err := c.resume(false); err != nil {
		return fmt.Errorf("the second recovery: %w", err)
	}
	if !slices.Equal(first, c.versions) {
		return errors.New("the second recovery shows something else than the first")
	}
	return nil
}

func (c *checker) resume(ext4 bool) error {
	c.versions = c.versions[:0]
	v, err := c.host.boot()
	if errors.Is(err, segment.ErrNotFormatted) && !c.formatted {
		c.n.unformatted++
		return nil
	}
	if err != nil {
		return errors.Join(fmt.Errorf("resume: %w", err), c.host.free())
	}
	if v == nil {
		c.n.detached++ // then the backing holds it all
	}
	err = c.host.read(v, int64(ledgerSectors(len(c.ledger.jobs)))*sectorSize, c.takeVersions)
	if err == nil {
		err = c.ledger.verify(c.versions)
	}
	if err == nil && ext4 {
		c.n.ext4++
		err = checkExt4(func(show func(int64, []byte) error) error { return c.host.read(v, c.Backing, show) }, c.Backing, c.files)
	}
	return errors.Join(err, c.host.free())
}

func (c *checker) takeVersions(off int64, b []byte) error {
	for i := 0; i < len(b); i += sectorSize {
		lba := int(off+int64(i)) / sectorSize
		v, err := readStamp(b[i:i+sectorSize], lba, lba/(stripes*stripeSectors))
		if err != nil {
			return err
		}
		c.versions = append(c.versions, v)
	}
	return nil
}
