package manager

import (
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// imprint writes to the start of a disk, before any cache has it.
func imprint(t *testing.T, path, word string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(word), at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// bothDirty is a server that is about to resume cache 3, whose log has data of
// two disks without identities, devices 5 and 6.
func bothDirty(t *testing.T, a, b string) (m *Manager, cache string) {
	t.Helper()
	m = newManager(t)
	m.describe = nameless
	cache = formatted(t)
	m.mustResume(t, 3, cache)
	for i, path := range []string{a, b} {
		if _, err := m.Create(t.Context(), control.CreateArgs{Name: []string{"a", "b"}[i], ID: 5 + i, Path: path, OtherDisk: true}, quiet); err != nil {
			t.Fatal(err)
		}
		m.mustAttach(t, control.AttachArgs{Device: 5 + i, Cache: 3})
	}
	m.write(t, 5)
	m.write(t, 6)
	return m.again(t), cache
}

// Two disks of one log that look alike are still two: each is taken by its id.
func TestP8TwinsInOneLog(t *testing.T) {
	words := "`lc create c 5 "
	for name, signs := range map[string][2]string{"a table of one kind": {"GUID one", "GUID two"}, "clones": {"the same", "the same"}} {
		t.Run(name, func(t *testing.T) {
			a := filled(t, "its content")
			b := copied(t, a, "b")
			imprint(t, a, signs[0], 512)
			imprint(t, b, signs[1], 512)
			m, cache := bothDirty(t, a, b)
			m.mustResume(t, 3, cache)
			refused(t, m, control.Mismatch, words, m.creating(t, "c", 7, a))
			for id, path := range map[int]string{5: a, 6: b} {
				m.mustCreate(t, "of"+itoa(uint8(id)), id, path)
				m.mustAttach(t, control.AttachArgs{Device: id, Cache: 3, Unidentified: name == "clones"})
			}
		})
	}
}

// lookalikes are two disks with the same content but for one sector, of those by
// which a log knows them.
func lookalikes(t *testing.T) (a, b string) {
	t.Helper()
	a = filled(t, "its content")
	b = copied(t, a, "b")
	imprint(t, a, "GUID one", 512)
	imprint(t, b, "GUID two", 512)
	return a, b
}

// A log is brought in beside a device whose disk but looks like the one of its
// data: where its own cache knows that better, nothing is in the way; where it
// does not, there is a way that gives no data up, and it works.
func TestP8TwinInAnotherLog(t *testing.T) {
	a, b := lookalikes(t)
	m, cache := dirtied(t, nameless, a)
	m.record = ""
	other := formatted(t)
	m.mustResume(t, 4, other)
	m.mustCreate(t, "b", 6, b)
	m.mustAttach(t, control.AttachArgs{Device: 6, Cache: 4})
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, a)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})

	m = m.again(t)
	m.mustResume(t, 4, other)
	m.mustCreate(t, "b", 6, b)
	m.mustAttach(t, control.AttachArgs{Device: 6, Cache: 4})
	imprint(t, b, "GUID one", 512) // by another program: it is rather like the other one now
	imprint(t, b, "more", 4096)
	refused(t, m, control.Mismatch, "or, if "+b+" is another disk, that looks like it, `lc detach 6`, `lc remove 6`, and then `lc create b 6 "+b+" --other-disk`", m.resuming(t, 3, cache))
	if _, err := m.Detach(t.Context(), control.DrainArgs{ID: 6}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustRemove(t, 6)
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "b", ID: 6, Path: b, OtherDisk: true}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustResume(t, 3, cache)
}

// A disk that but looks like one that a log has data of may be formatted by the
// administrator's word.
func TestP8TwinMayBeFormatted(t *testing.T) {
	a, b := lookalikes(t)
	_, cache := dirtied(t, nameless, a)
	dev, err := blockdev.Open(b, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	d, err := nameless(dev, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	held := func(distinct bool) error {
		return heldIn(&operation{ctx: t.Context(), hear: quiet}, []string{cache}, d, dev, distinct)
	}
	if err := held(false); err == nil || !strings.Contains(err.Error(), "only if it is another disk, that looks like it, --other-disk says so") {
		t.Error(err)
	}
	if err := held(true); err != nil {
		t.Error(err)
	}
}
