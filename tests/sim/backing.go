package sim

// This file looks at the backings alone, as they are found when the cache
// device is gone (P4).

// onBacking is which version each sector of a backing image is.
func (o *oracle) onBacking(st *store, v *volume, img []sid, each func(lba uint64, c *cell, ver int)) {
	version := func(lba int) int {
		l, ok := st.labelOf(img[lba])
		return o.known("P4", v.id, uint64(lba), l, ok)
	}
	for lba := range v.cells {
		each(uint64(lba), &v.cells[lba], version(lba))
	}
	o.oneVersion(v, "on its backing", version)
}

// batchDone checks the durable backings at the end of a batch: they are a
// past state, and not an earlier one than before.
func (o *oracle) batchDone(s *devs) {
	b := o.anywhere()
	for i, v := range o.vols {
		if v.logged {
			o.onBacking(s.st, v, s.backing[i].durable, func(lba uint64, c *cell, ver int) {
				o.notOlder(v, lba, ver)
				b.add(v.id, lba, c, ver)
			})
		}
	}
	o.lo, o.loose = b.check("P4", "P4", o.lo, "the backings at the end of a batch"), false
}

// betweenBatches checks backing images after a power cut at any time: each
// sector is as at the last batch's end, or as at the end of the batch that was
// under way, and none is older.
func (o *oracle) betweenBatches(st *store, m *images) {
	b := o.anywhere()
	ahead := false
	for i, v := range o.vols {
		if !v.logged {
			continue
		}
		o.onBacking(st, v, m.disk[i+1], func(lba uint64, c *cell, ver int) {
			o.notOlder(v, lba, ver)
			at := max(c.at(o.lo), o.first(v, c))
			switch ver = c.resolve(ver, at); {
			case ver < at:
				fail("P4", "sector %d of device %d went back to write %d on its backing (%s, state %d)", lba, v.id, c.v[ver].op, o.past(v.id, lba), o.lo)
			case ver > at && !c.v[ver].past:
				b.add(v.id, lba, c, ver)
				ahead = true
			}
		})
	}
	if ahead && !o.loose {
		b.check("P4", "P4", o.lo, "the unfinished batch on the backings")
	}
}

// ahead tells whether backing images hold a part of an unfinished batch.
func (o *oracle) ahead(st *store, m *images) bool {
	found := false
	for i, v := range o.vols {
		if v.logged {
			o.onBacking(st, v, m.disk[i+1], func(_ uint64, c *cell, ver int) {
				at := max(c.at(o.lo), o.first(v, c))
				ver = c.resolve(ver, at)
				found = found || ver > at && !c.v[ver].past
			})
		}
	}
	return found
}
