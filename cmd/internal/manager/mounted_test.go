package manager

import (
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// A disk that was mounted once without its cache is the same disk, also where
// the host does not say so: its data is offered to it under its id, with what
// changed, and under no other id and name is it shown without that.
func TestP8MountedIsTheSameDisk(t *testing.T) {
	for name, describe := range map[string]func(*blockdev.Device, uint8, string) (*whose.Disk, error){
		"nameless": nameless, "under another identity": whose.Describe,
	} {
		t.Run(name, func(t *testing.T) {
			backing := filled(t, "its content")
			m, cache := dirtied(t, describe, backing)
			moved := copied(t, backing, "moved") // another inode: another identity
			if err := os.Remove(backing); err != nil {
				t.Fatal(err)
			}
			mounted(t, moved)
			other := control.CreateArgs{Name: "tmp", ID: 6, Path: moved}
			refused(t, m, control.Mismatch, "and then `lc create tmp 5 "+moved+"`", m.creating(t, other.Name, other.ID, moved))
			m.mustResume(t, 3, cache)
			for _, words := range []string{"1 of 256 sectors at its start", "`lc create tmp 5 " + moved + "` instead", "`lc create tmp 6 " + moved + " --other-disk`"} {
				refused(t, m, control.Mismatch, words, m.creating(t, other.Name, other.ID, moved))
			}
			m.mustCreate(t, "myLV", 5, moved)
			attach := control.AttachArgs{Device: 5, Cache: 3}
			refused(t, m, control.Mismatch, "`lc attach 5 3 --accept-changed`", func() error { return m.attachTo(t, attach, quiet) })
			attach.AcceptChanged = true
			m.mustAttach(t, attach)
		})
	}
}

// The word that a disk is another one counts against a part of its content, and
// not against all of it; and what is shown at that word does not keep the log
// from being resumed.
func TestP8OtherDisk(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, nameless, backing)
	m.mustResume(t, 3, cache)
	other := control.CreateArgs{Name: "tmp", ID: 6, Path: backing, OtherDisk: true}
	create := func() error {
		_, err := m.Create(t.Context(), other, quiet)
		return err
	}
	refused(t, m, control.Mismatch, "`lc create tmp 5 "+backing+"` instead", create)
	mounted(t, backing)
	if err := create(); err != nil {
		t.Fatal(err)
	}
	m.mustFree(t, 3)
	m.mustResume(t, 3, cache)
}

// A copy of a disk does not get the disk's data while that is here; while it is
// not, it does, at a word that is heard.
func TestP8CopyOfADisk(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	clone := copied(t, backing, "clone") // another inode: another identity
	m.mustResume(t, 3, cache)
	m.knownBy = func(uint64) (string, error) { return backing, nil }
	for id, name := range map[int]string{5: "myLV", 6: "clone"} {
		refused(t, m, control.Mismatch, "`lc create myLV 5 "+backing+"` takes that disk", m.creating(t, name, id, clone))
	}
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "clone", ID: 6, Path: clone, OtherDisk: true}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustRemove(t, 6)
	m.knownBy = blockdev.KnownBy
	var said strings.Builder
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: clone}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil || !strings.Contains(said.String(), clone+" is known by its content alone") {
		t.Errorf("created: %v; it said %q", err, said.String())
	}
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
}

// saying runs create, and is what it said.
func (m *Manager) saying(t *testing.T, a control.CreateArgs) (string, error) {
	t.Helper()
	var said strings.Builder
	_, err := m.Create(t.Context(), a, func(p control.Progress) { said.WriteString(p.Text) })
	return said.String(), err
}

// A copy without an identity got the data while its disk was away, with a
// warning; when the disk comes back that is said, until it has a cache of its
// own. If it comes back before the attach, the copy gets nothing.
func TestP8CopyGotTheData(t *testing.T) {
	backing := filled(t, "its content")
	clone := copied(t, backing, "clone")
	m, cache := dirtied(t, whose.Describe, backing)
	m.describe = func(dev *blockdev.Device, id uint8, name string) (*whose.Disk, error) {
		if dev.Path() == clone {
			return nameless(dev, id, name)
		}
		return whose.Describe(dev, id, name)
	}
	m.mustResume(t, 3, cache)
	if said, err := m.saying(t, control.CreateArgs{Name: "t", ID: 5, Path: clone}); err != nil || !strings.Contains(said, clone+" is known by its content alone as the disk of device 5") {
		t.Fatalf("created: %v; it said %q", err, said)
	}
	m.knownBy = func(uint64) (string, error) { return backing, nil }
	attach := control.AttachArgs{Device: 5, Cache: 3}
	for _, words := range []string{"`lc remove 5`, and then `lc create myLV 5 " + backing + "`"} {
		refused(t, m, control.Mismatch, words, func() error { return m.attachTo(t, attach, quiet) })
		refused(t, m, control.Mismatch, words, m.creating(t, "orig", 6, backing))
	}
	m.knownBy = blockdev.KnownBy
	set(t, m, "allow_migrate", "0")
	var said strings.Builder
	if err := m.attachTo(t, attach, func(p control.Progress) { said.WriteString(p.Text) }); err != nil || !strings.Contains(said.String(), "attach: "+clone+" is known by its content alone") {
		t.Fatalf("attached: %v; it said %q", err, said.String())
	}
	original := control.CreateArgs{Name: "orig", ID: 6, Path: backing}
	refused(t, m, control.Mismatch, "`lc create orig 6 "+backing+" --other-disk`", m.creating(t, "orig", 6, backing))
	original.OtherDisk = true
	for _, want := range []bool{true, false} {
		m.note(m.begin(t.Context(), "", quiet), cache, m.caches[3].host) // does not forget it
		said, err := m.saying(t, original)
		if err != nil || strings.Contains(said, "and that went to "+clone) != want {
			t.Errorf("the disk came back: %v; it said %q, expected is %t", err, said, want)
		}
		if want {
			m.mustAttach(t, control.AttachArgs{Device: 6, Cache: 3})
			if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 6}, quiet); err != nil {
				t.Fatal(err)
			}
		}
		m.mustRemove(t, 6)
	}
}
