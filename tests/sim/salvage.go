package sim

import (
	"context"
	"errors"

	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/migrate"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/block"
	"github.com/ublk-lc/ublk-lc/segment/inspect"
)

// This file goes on with a log that has decayed, as an administrator does: check
// must agree with the resume, and what is whole must reach the backings, without
// what is lost, and nothing false with it.

// agree wants a survey to find what a recovery has found.
func (c *checker) agree(r decayed, bad *history) {
	img, err := inspect.Open(r, int64(c.s.cache.bytes()))
	if err != nil {
		fail("sim", "%v", err)
	}
	log, err := img.Survey(context.Background(), inspect.Options{Payload: true})
	if err != nil {
		fail("P6", "a survey fails: %v", err)
	}
	headers := false
	for i := range log.Damage {
		headers = headers || log.Damage[i].Kind == inspect.DamagedHeader
	}
	if headers != (bad.err != nil) || log.Run != len(bad.spots) || bad.err == nil && (log.Doubt != nil) != (bad.rec.Doubt != nil) {
		fail("P6", "check finds damage %v, %d records and doubt %v; a resume %v, %d records and %+v", log.Damage, log.Run, log.Doubt, bad.err, len(bad.spots), bad.rec)
	}
	if err := img.Close(); err != nil {
		fail("no leak", "%v", err)
	}
}

// salvage resumes a decayed image and migrates all of it, past what is damaged. It
// tells whether it came that far.
func (c *checker) salvage(m *images, r decayed, bad *history) bool {
	h := &c.host
	h.s.revive(m)
	for _, at := range r.unread {
		from := segment.LogOffset + int64(at-2*superSectors)*sectorSize
		h.s.rules = append(h.s.rules, &rule{what: eio, dev: 0, kinds: []block.Kind{block.Read}, from: from, to: from + sectorSize})
	}
	cache, rec, err := h.resume(c.w)
	if errors.Is(err, segment.ErrDamaged) && bad.err != nil {
		return false
	}
	if err != nil || rec.LastSeq != bad.rec.LastSeq {
		fail("P6", "resume comes to record %+v, %v, but recovery to %d", rec, err, bad.rec.LastSeq)
	}
	h.cache, h.mig = cache, migrate.New(cache)
	defer h.free()
	for i := range c.w.Volumes {
		if !bound(cache, c.w.id(i)) {
			continue
		}
		v, b := logcache.NewVolume(c.w.id(i), "", uint64(c.w.Volumes[i]), c.w.block(i)), c.w.binding(i)
		if h.refuses(v, &b) {
			return false // the log's copy of what the disk is known by is what is bad
		}
		h.attach(v, b)
	}
	lost := c.skipDamage()
	c.replayed(m, bad, lost)
	for i, d := range h.s.backing {
		if !bound(cache, c.w.id(i)) {
			continue
		}
		for lba, id := range d.visible {
			if want := c.spare.disk[i+1][lba]; id != want {
				fail("P6", "past the damage, sector %d of device %d holds something else than the log had", lba, i+1)
			}
		}
	}
	return true
}

// skipDamage migrates all there is, and leaves out what it finds to be damaged, and
// only when it must.
func (c *checker) skipDamage() map[uint64]*segment.BadRecord {
	h, geo := &c.host, c.host.cache.Geometry()
	var all []segment.BadRecord
	for _, span := range h.cache.Candidates(nil, 0, int(geo.Slots), false) {
		b := make([]byte, int(span.End)*sectorSize)
		unread, err := segment.ReadAround(syncDevice{h.s}, b, geo.SlotOffset(geo.Slot(span.ID)), int(geo.BlockSize))
		if err != nil {
			fail("sim", "%v", err)
		}
		bad, err := segment.FindBad(b, geo, h.cache.Life(), span, unread)
		if err != nil {
			fail("P6", "a header has gone bad since the resume: %v", err)
		}
		all = append(all, bad...)
	}
	last := h.cache.CloseCurrent()
	for n := 0; ; n++ {
		id, _ := h.cache.LastMigrated()
		switch {
		case id >= last && n <= 2*int(geo.Slots):
			lost := map[uint64]*segment.BadRecord{}
			for i := range all {
				lost[all[i].Seq] = &all[i]
			}
			return lost
		case n > 2*int(geo.Slots):
			fail("P6", "migration does not come past segment %d of %d: %v; skipped: %+v", id, last, h.mig.LastError(), all)
		case h.mig.Status().Damaged != 0:
			h.mig.Skip(all)
		}
		h.mig.Step(1 + n%3)
		h.pump()
		h.runToIdle()
	}
}

// replayed makes the spare images what the backings must hold when all records
// are migrated, but for what is lost.
func (c *checker) replayed(m *images, h *history, lost map[uint64]*segment.BadRecord) {
	given := h.super.GivenUp()
	for i := range c.s.backing {
		copy(c.spare.disk[i+1], m.disk[i+1])
	}
	for i := range h.spots {
		s := &h.spots[i]
		bad := lost[s.Seq]
		if bad == nil {
			bad = &segment.BadRecord{}
		}
		for _, p := range s.placed {
			if given.Covers(p.Device, s.Seq) || s.Seq <= h.super.MigratedSeq { // the id may be another disk's since
				continue
			}
			bad.Sound(&p, func(from, to uint64) {
				for lba := from; lba < to; lba++ {
					id := sid(0)
					if p.Kind.HasPayload() {
						id = m.disk[0][c.s.cache.fold(int(p.At)+int(lba-p.LBA))]
					}
					c.spare.disk[c.s.number(block.Dev(p.Device))][lba] = id
				}
			})
		}
	}
}
