package manager

import (
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// A disk that was mounted once without its cache is the same disk, also where the host does not say so: its data is offered
// to it under its id, with what changed, and under no other id and name is it shown without that.
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

// The word that a disk is another one counts against a part of its content, and not against all of it; and what is shown at
// that word does not keep the log from being resumed.
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

// A copy of a disk does not get the disk's data while that is here; while it is not, it does, at a word that is heard.
func TestP8CopyOfADisk(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, whose.Describe, backing)
	clone := copied(t, backing, "clone") // another inode: another identity
	m.mustResume(t, 3, cache)
	m.knownBy = func(uint64) (string, error) { return backing, nil }
	for id, name := range map[int]string{5: "myLV", 6: "clone"} {
		refused(t, m, control.Mismatch, "`lc create "+name+" 5 "+backing+"` takes the disk", m.creating(t, name, id, clone))
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
