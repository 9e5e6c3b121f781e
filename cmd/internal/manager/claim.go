package manager

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/segment/witness"
)

// claim is data that a log holds of a disk which is, or was, bound to it; or that
// there is none.
type claim struct {
	log      string           // path of the cache device
	dev      *blockdev.Device // the same, open; nil if it is to be opened
	cache    uint8            // as which it is resumed; 0 if it is not
	binding  segment.Binding
	clean    bool              // nothing is in the log, but what the disk was left with
	versions *witness.Versions // that the log has of what it knows the disk by
	served   string            // the disk that a device of ours has it on already, "" if none has
	damaged  bool              // the log cannot be resumed
	twin     uint8             // the resumed cache of which the log is a copy, with data of its own; 0 if there is none
	first    string            // the commands that must come before the cache that it is resumed as can be freed
	taken    string            // the name of the device of ours that has the claim's id, and is not its own; "" if there is none
	now      string            // what another program has made of the cache's disk since, "" if none
	stale    string            // what newer state of the cache this host has seen, "" if none

	// What is written on the disk that is asked about; see [claim.look].
	content whose.Evidence
	verdict *witness.Verdict  // nil if nothing was held against anything
	around  *blockdev.Overlap // what has that of the claim's disk, and shares sectors with the one that is asked about

	original string // the disk of this host that has the identity of the claim's, if another one is asked about; see [claim.seek]
	guess    bool   // the device that waits for it knows its disk by content alone
}

// look holds a disk against what the log knows of the claim's, unless what the
// host says is enough.
func (c *claim) look(d *whose.Disk, disk *blockdev.Device) (err error) {
	if d.Identity(&c.binding) == whose.Same {
		return nil
	}
	log := c.dev
	if log == nil {
		if log, err = blockdev.Open(c.log, blockdev.OpenOptions{ReadOnly: true}); err != nil {
			return err
		}
		defer log.Close()
	}
	if c.content, c.verdict, err = whose.Content(disk, c.binding.Witness, c.versions, log); err != nil {
		return err
	}
	return c.lookAround(d, log)
}

// holder names the log.
func (c *claim) holder() string {
	if c.cache != 0 {
		return fmt.Sprintf("cache %d", c.cache)
	}
	if c.now != "" {
		return fmt.Sprintf("%s, which was a cache once and is %s now,", c.log, c.now)
	}
	return c.log + ", a cache that is not resumed,"
}

func (c *claim) String() string {
	return fmt.Sprintf("device %d (%s, %s)", c.binding.ID, control.Show(c.binding.Name), humanize.IBytes(c.binding.Sectors*segment.SectorSize))
}

// offline is what has to be done before a verb that needs the cache device for
// itself, or "".
func (c *claim) offline() string {
	if c.cache == 0 {
		return ""
	}
	return fmt.Sprintf("take cache %d out of service (%s`lc free-cache %d`), then ", c.cache, c.first, c.cache)
}

// create names the command that makes a device of a disk under the id that the
// data has, and what stands in its way.
func (c *claim) create(name, path string) string {
	way := fmt.Sprintf("`lc create %s %d %s`", name, c.binding.ID, path)
	if c.taken == "" {
		return way
	}
	return fmt.Sprintf("`lc remove %d` (%s, which has that id now; what is on its disk and in its log stays there), and then %s", c.binding.ID, c.taken, way)
}

// giveUp names the way to give a claim's data up, and the one to save it first.
func (c *claim) giveUp() string {
	if c.now != "" { // forget would write to what is another program's
		return fmt.Sprintf("`--skip-disk %s` goes on without that data; to save it before, `%s --to FILE`", c.log, c.replay(forced))
	}
	if c.twin != 0 || c.stale != "" { // what is given up in a copy would make it look newer than it is
		return fmt.Sprintf("`lc wipe-cache --force %s` gives up all that this copy holds; to save that before, `lc replay %s --device %d --force-binding --accept-stale --to FILE`",
			c.log, c.log, c.binding.ID)
	}
	return fmt.Sprintf("`lc forget %s %d` gives that data up; to save it before, %s`lc replay %s --device %d --force-binding --to FILE`",
		c.log, c.binding.ID, c.offline(), c.log, c.binding.ID)
}

// ruling is what the claims on a disk come to.
type ruling struct {
	waitsFor     uint8  // the cache that holds its data; 0 if none does
	unidentified bool   // that it is the disk of that data goes by its id and size alone
	byContent    bool   // the same goes by its content alone
	double       string // another disk with just that content, so that nothing tells; "" if there is none
}

// rule decides whether a device may be shown over a disk, given all data that
// any log holds. distinct is the administrator's word that this is none of the
// disks that nothing tells it from.
func rule(d *whose.Disk, claims []claim, distinct bool) (ruling, error) {
	var owned []*claim
	var doubt error
	r := ruling{}
	for i := range claims {
		c := &claims[i]
		if o := c.shared(d, distinct); o != nil {
			return r, errShares(d, c, o)
		}
		switch d.Kin(&c.binding, c.content, c.place()) {
		case whose.Own, whose.Perhaps:
			switch {
			case !distinct || !d.Disowned(&c.binding, c.content):
				owned = append(owned, c)
			case c.binding.Name == d.Name && doubt == nil:
				doubt = errForeign(d, c)
			}
		case whose.Copy:
			if doubt == nil && !c.harmless(d) && (!distinct || d.ID == c.binding.ID || d.Name == c.binding.Name) {
				doubt = errCopy(d, c)
			}
		case whose.Lookalike:
			if !distinct && doubt == nil {
				doubt = errLookalike(d, c)
			}
		case whose.Foreign:
			if doubt == nil {
				doubt = errForeign(d, c)
			}
		}
	}
	owned, byID := likeliest(d, owned)
	switch {
	case len(owned) > 1:
		return r, errSeveral(d, owned)
	case len(owned) == 0:
		return r, doubt
	}
	r.unidentified = byID || d.Kin(&owned[0].binding, owned[0].content, owned[0].place()) == whose.Perhaps
	if err := checkOwn(d, owned[0]); err != nil {
		return r, err
	}
	r.waitsFor = owned[0].cache
	r.byContent = !r.unidentified && d.Identity(&owned[0].binding) != whose.Same
	return r, nil
}

// checkOwn tells why a disk cannot wait for its own data.
func checkOwn(d *whose.Disk, c *claim) error {
	b := &c.binding
	switch {
	case c.served != "" && c.guess:
		return control.Errorf(control.Mismatch, "by its identity %s is the disk of %s, for which %s holds data, and device %d waits for that with %s, which has only its content: `lc remove %d`, and then %s",
			d.Path, c, c.holder(), b.ID, c.served, b.ID, c.create(c.binding.Name, d.Path))
	case c.served != "":
		return control.Errorf(control.Mismatch, "%s is the disk of %s, reached in another way: %s has it on %s already", d.Path, c, c.holder(), c.served)
	case c.now != "":
		return c.remainsFor(d)
	case d.Sectors < b.Sectors:
		return control.Errorf(control.Mismatch, "%s has %d sectors now, and %d when it was attached, and %s holds data for it as %s: give it its size back; or %s`lc replay %s --device %d --force-binding --to %s` writes the data to it, if it lies in front of the new end; or %s",
			d.Path, d.Sectors, b.Sectors, c.holder(), c, c.offline(), c.log, b.ID, d.Path, c.giveUp())
	case c.damaged:
		return control.Errorf(control.Mismatch, "%s holds data for this backing as %s, and cannot be resumed, for its log is damaged: %s", c.holder(), c, wayOut(c.log))
	case c.twin != 0:
		return control.Errorf(control.Mismatch, "%s holds data for this backing as %s, and is a copy of cache %d that is newer, or was used beside it: neither may have all that is newest. Choose one: `lc free-cache %d`, and `lc resume %d %s --accept-stale`, goes on with this one; or `lc wipe-cache --force %s`, and all that it holds is lost",
			c.holder(), c, c.twin, c.twin, c.twin, c.log, c.log)
	case c.stale != "":
		return control.Errorf(control.Mismatch, "%s holds data for this backing as %s, but is an old copy: %s. `lc resume` the newer one; where that is lost, `lc resume ID %s --accept-stale` goes on from what is older; or `lc wipe-cache --force %s`, and all that it holds is lost",
			c.holder(), c, c.stale, c.log, c.log)
	case c.cache == 0 && b.ID != d.ID:
		return control.Errorf(control.Mismatch, "%s holds data for this backing as %s%s; `lc resume ID %s`, and then %s%s", c.holder(), c, c.changed(), c.log, c.create(d.Name, d.Path), c.orOther(d))
	case c.cache == 0:
		return control.Errorf(control.Mismatch, "%s holds data for this backing as %s; `lc resume ID %s` first", c.holder(), c, c.log)
	case b.ID != d.ID:
		return control.Errorf(control.Mismatch, "%s holds data for %s as %s%s; %s instead%s", c.holder(), d.Path, c, c.changed(), c.create(d.Name, d.Path), c.orOther(d))
	}
	return nil
}

// errShares is about a disk of which a part has its data in a log, or that is a
// part of one that has.
func errShares(d *whose.Disk, c *claim, o *blockdev.Overlap) error {
	seen := fmt.Sprintf("%s is a part of %s", d.Path, o.Path)
	if o.Part {
		seen = fmt.Sprintf("a part of %s is %s", d.Path, o.Path)
	}
	way := c.create(c.binding.Name, o.Path) + " takes that disk"
	switch {
	case c.served != "":
		way = fmt.Sprintf("%s has it on %s already", c.holder(), c.served)
	case c.now != "":
		way = fmt.Sprintf("`%s --to %s` brings it there", c.replay(""), o.Path)
	case c.cache == 0:
		way = fmt.Sprintf("`lc resume ID %s`, and then %s", c.log, way)
	}
	return control.Errorf(control.Mismatch, "%s, the disk of %s, for which %s holds data, so that what is on it is out of date. %s; or %s", seen, c, strings.TrimSuffix(c.holder(), ","), way, c.giveUp()+c.unlessAnother(d, o))
}

// changed is what was written to a disk that is known by the rest of its
// content, or "".
func (c *claim) changed() string {
	if c.content != whose.Changed {
		return ""
	}
	return fmt.Sprintf(", which was written to since: %s", c.verdict)
}

// orOther is the way out for a disk that is another one all the same, where
// that word counts; else "".
func (c *claim) orOther(d *whose.Disk) string {
	if !d.Disowned(&c.binding, c.content) {
		return ""
	}
	return "; only if it is another disk, that a part of the content was copied to, " + c.asAnother(d)
}

func errLookalike(d *whose.Disk, c *claim) error {
	return control.Errorf(control.Mismatch, "%s. If it is, create it with that id; if it is not, create and attach that one first, or `lc create %s %d %s --other-disk`",
		c.resembles(d, c.holder()), d.Name, d.ID, d.Path)
}

// resembles says why a disk may be the claim's.
func (c *claim) resembles(d *whose.Disk, holder string) string {
	seen := "it is as large, the host gives it no identity, and nothing on it tells"
	switch {
	case d.Identity(&c.binding) == whose.Other:
		seen = "it is as large, and has another identity, which an update may have changed; the log is of an earlier version, and knows a disk by nothing else"
	case d.Sectors > c.binding.Sectors:
		seen = "it is larger, but may have grown; the host gives it no identity, and nothing on it tells"
	case d.Sectors < c.binding.Sectors:
		seen = "it is smaller, but may have been shrunk; the host gives it no identity, and nothing on it tells"
	}
	return fmt.Sprintf("%s may be the disk of %s, for which %s holds data: %s", d.Path, c, holder, seen)
}

// errForeign is about an id or a name that data of another disk has.
func errForeign(d *whose.Disk, c *claim) error {
	b, what, seen := &c.binding, "id", ""
	if b.ID != d.ID {
		what = "name"
	}
	way := c.giveUp()
	switch {
	case c.original != "":
		seen, way = fmt.Sprintf("by its identity, %s is", c.original), c.take(c.original)
	case b.Sectors > d.Sectors:
		seen = fmt.Sprintf("it has %d sectors, and that one %d", d.Sectors, b.Sectors)
	case c.content == whose.Other && d.Identity(b) == whose.Other:
		seen = fmt.Sprintf("its identity is another, and %s", c.verdict)
	case c.content == whose.Other:
		seen = fmt.Sprintf("the host gives no identity to tell, and %s", c.verdict)
	case d.Identity(b) == whose.Other:
		seen = "its identity is another, and nothing is written on it that would tell"
		way = fmt.Sprintf("%s`lc replay %s --device %d --force-binding --to %s` writes the data to it, or %s", c.offline(), c.log, b.ID, d.Path, way)
	default:
		seen = "that is your word"
	}
	return control.Errorf(control.Mismatch, "%s holds data of another disk as %s, and %s is not that disk: %s. If so, choose another %s for it; if it is that one all the same, %s", c.holder(), c, d.Path, seen, what, way)
}

// claims are what all logs hold data of, whether of disk d or not: those of the
// resumed caches, and those of the other caches of this host, save the disks
// that are to be skipped.
func (m *Manager) claims(o *operation, d *whose.Disk, skip []string) ([]claim, error) {
	not, err := allBut(skip, m.openNumbers()...)
	if err != nil {
		return nil, err
	}
	all := m.resumedClaims()
	found, unread, err := m.foreignCaches(o, not)
	if err != nil {
		return nil, err
	}
	if len(unread) > 0 {
		return nil, errUnread(d, unread)
	}
	m.absent(o, d, found, skip)
	found, copies, err := m.withoutResumed(o, found)
	if err != nil {
		return nil, err
	}
	found, more := current(found)
	for _, old := range append(copies, more...) {
		o.warn("%s", &old)
	}
	for i := range found {
		more, err := patiently(o, found[i].path, found[i].claims)
		if err != nil {
			return nil, err
		}
		stale := m.olderThanSeen(o, found[i].super)
		for j := range more {
			more[j].stale = stale
		}
		all = append(all, more...)
	}
	m.takenIDs(d, all)
	return all, nil
}

// takenIDs finds out which ids of claims other devices of ours have.
func (m *Manager) takenIDs(d *whose.Disk, all []claim) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range all {
		c := &all[i]
		if has := m.devices[c.binding.ID]; has != nil && has.id != d.ID && c.served == "" {
			c.taken = has.name
		}
	}
}

func (m *Manager) resumedClaims() []claim {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []claim
	for _, c := range values(m.caches) {
		if c.host == nil {
			continue
		}
		first := m.beforeFreeLocked(c, 0)
		for _, b := range c.host.Core().Bound() {
			d, versions := m.devices[b.ID], c.host.Core().Versions(b.ID)
			attached := d != nil && d.host != nil && d.host.Cache() == c.host
			if attached {
				versions = nil // nobody keeps them: what is on a disk is held against its witness alone
			}
			clean := !attached && c.host.Core().DirtyBlocks(b.ID) == 0
			if !clean || b.State == segment.Attached {
				all = append(all, claim{log: c.path, first: first, dev: c.host.Dev(), cache: c.id, binding: b, clean: clean, versions: versions, served: m.servedLocked(c, b.ID), guess: m.guessedLocked(b.ID)})
			}
		}
	}
	return all
}

// beforeFreeLocked are the commands, each with a comma behind it, that let go
// of the devices which are attached to a cache, or wait for it, but for one.
func (m *Manager) beforeFreeLocked(c *cache, but uint8) (first string) {
	for _, id := range sorted(m.devices) {
		switch d := m.devices[id]; {
		case d.host == nil || id == but:
		case d.host.Cache() == c.host:
			first += fmt.Sprintf("`lc detach %d`, ", id)
		case d.waitsFor == c.id:
			first += fmt.Sprintf("`lc remove %d`, ", id)
		}
	}
	return first
}

// servedLocked is the disk over which we have the device that a cache holds
// data of, or "". One that waits for the data, and of which nothing tells that
// it is its own, may be another's.
func (m *Manager) servedLocked(c *cache, id uint8) string {
	d := m.devices[id]
	if d == nil || d.host == nil || d.host.Cache() != c.host && (d.waitsFor != c.id || d.unidentified) {
		return ""
	}
	return d.path
}
