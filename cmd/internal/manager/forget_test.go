package manager

import (
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// leftBy has a server of its own write to a disk, as device id of a cache, and end.
func leftBy(t *testing.T, m *Manager, id int, backing string) (cache string) {
	t.Helper()
	first := newManager(t)
	first.describe = m.describe
	cache = formatted(t)
	first.mustResume(t, 4, cache)
	first.mustCreate(t, "before", id, backing)
	first.mustAttach(t, control.AttachArgs{Device: id, Cache: 4})
	first.write(t, uint8(id))
	first.again(t)
	return cache
}

// What a device waits for may hide what another log has of its disk: giving
// that up does not show it.
func TestP8ForgetHasTheClaimsAsked(t *testing.T) {
	backing := disk(t, "blank", 8<<20)
	m, cache := dirtied(t, nameless, backing)
	second := leftBy(t, m, 7, backing)
	m.mustResume(t, 3, cache)
	m.mustResume(t, 4, second)
	m.mustCreate(t, "myLV", 5, backing)
	forget := func() error {
		_, err := m.Forget(t.Context(), control.ForgetArgs{Cache: 3, Device: 5, Yes: true}, quiet)
		return err
	}
	refused(t, m, control.Mismatch, "nothing was given up. `lc remove 5` first", forget)
	m.mustRemove(t, 5)
	if err := forget(); err != nil {
		t.Fatal(err)
	}
	refused(t, m, control.Mismatch, "--other-disk", m.creating(t, "myLV", 5, backing))
}
