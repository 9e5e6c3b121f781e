package manager

import (
	"fmt"
	"os"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
)

// wentOn is a disk without an identity that went on with a second cache, as
// device 6, while the one with its data was away, and was mounted in between.
// Both are back, as 3 and 4.
func wentOn(t *testing.T, drained bool) (m *Manager, backing string) {
	t.Helper()
	backing = filled(t, "its content")
	m, first := dirtied(t, nameless, backing)
	if err := os.Rename(first, first+".away"); err != nil {
		t.Fatal(err)
	}
	mounted(t, backing)
	second := formatted(t)
	m.mustResume(t, 4, second)
	m.mustCreate(t, "later", 6, backing)
	m.mustAttach(t, control.AttachArgs{Device: 6, Cache: 4})
	if !drained {
		m.write(t, 6)
	}
	m = m.again(t)
	if err := os.Rename(first+".away", first); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, first)
	m.mustResume(t, 4, second)
	return m, backing
}

// A disk of which two logs have data is refused whichever of them knows it better
// by now, also if there is nothing left in the one that does.
func TestP8TwoLogsOfADisk(t *testing.T) {
	for name, drained := range map[string]bool{"data in both": false, "nothing left in the other": true} {
		t.Run(name, func(t *testing.T) {
			m, backing := wentOn(t, drained)
			refused(t, m, control.Mismatch, "--other-disk", m.creating(t, "later", 6, backing))
		})
	}
}

// ownCaches has each of two disks that were formatted alike have a cache of its
// own, with data of it.
func ownCaches(t *testing.T, m *Manager) (back *Manager, paths []string) {
	t.Helper()
	paths = alike(t, "first", "second")
	caches := []string{formatted(t), formatted(t)}
	for i, path := range paths {
		m.mustResume(t, 3+i, caches[i])
		m.takeAlike(t, string(rune('a'+i)), 1+i, path, 3+i)
		m.write(t, uint8(1+i))
	}
	back = m.again(t)
	for i := range paths {
		back.mustResume(t, 3+i, caches[i])
	}
	return back, paths
}

// They are told apart if the host knows them; else that the first that is made a
// device of is not the other one is the user's word.
func TestP8DisksAlikeInTwoCaches(t *testing.T) {
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("known: %v", known), func(t *testing.T) {
			m := newManager(t)
			if !known {
				m.describe = nameless
			}
			m, paths := ownCaches(t, m)
			create := m.creating(t, "b", 2, paths[1])
			if !known {
				word := "lc create b 2 " + paths[1] + " --other-disk"
				refused(t, m, control.Mismatch, "`"+word+"`", create)
				create = func() error { return (&state{m: m}).follow(t, word) }
			}
			if err := create(); err != nil {
				t.Fatal(err)
			}
			m.mustCreate(t, "a", 1, paths[0])
			m.mustAttach(t, control.AttachArgs{Device: 1, Cache: 3})
			m.mustAttach(t, control.AttachArgs{Device: 2, Cache: 4})
		})
	}
}
