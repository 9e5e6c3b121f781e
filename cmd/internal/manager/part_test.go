package manager

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// Data of a disk is not to be found by its parts, nor data of a part by the
// whole: neither is shown without it.
func TestP8PartsAndWholes(t *testing.T) {
	for name, flip := range map[string]bool{"a part of the disk": false, "the disk of a part": true} {
		t.Run(name, func(t *testing.T) {
			image := filled(t, "its content")
			bound, other := kit.LoopDevice(t, image), kit.LoopDevice(t, image, "--offset", "1048576")
			if flip {
				bound, other = other, bound
			}
			m := newManager(t)
			cache := formatted(t)
			m.mustResume(t, 3, cache)
			m.mustCreate(t, "myLV", 5, bound)
			m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
			m.write(t, 5)
			m = m.again(t)
			refused(t, m, control.Mismatch, "`lc resume ID "+cache+"`, and then `lc create myLV 5", m.creating(t, "part", 6, other))
			record := m.record
			m.record = ""
			m.mustCreate(t, "part", 6, other)
			refused(t, m, control.Mismatch, "`lc remove 6` first", m.resuming(t, 3, cache))
			m.mustRemove(t, 6)
			m.record = record
			m.mustResume(t, 3, cache)
			refused(t, m, control.Mismatch, "for which cache 3 holds data", m.creating(t, "part", 6, other))
			m.mustCreate(t, "myLV", 5, bound)
			m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
		})
	}
}
