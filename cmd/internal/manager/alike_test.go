package manager

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// alike makes disks that were formatted alike: a few sectors of each are its own.
func alike(t *testing.T, words ...string) (paths []string) {
	t.Helper()
	for _, word := range words {
		path := filled(t, "formatted alike")
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int64{1024, 4096, 8192} {
			if _, err := f.WriteAt([]byte(word), at); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// takeAlike makes a device of one of such disks for the first time, and attaches
// it: that it is another than those that are attached is the user's word.
func (m *Manager) takeAlike(t *testing.T, name string, id int, path string, cache int) {
	t.Helper()
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: name, ID: id, Path: path, OtherDisk: true}, quiet); err != nil {
		t.Fatal(err)
	}
	m.mustAttach(t, control.AttachArgs{Device: id, Cache: cache})
}

// Two disks of one size, without identities, that were formatted alike are
// found again by the daily commands, in either order, whichever of them the log
// has data of; swapped they are refused, and nothing that is said gives data up.
func TestP8DisksFormattedAlike(t *testing.T) {
	for name, dirty := range map[string][]uint8{"data of both": {1, 2}, "data of the first": {1}, "data of the second": {2}} {
		for _, order := range [][]int{{1, 2}, {2, 1}} {
			t.Run(name, func(t *testing.T) {
				paths := alike(t, "first", "second")
				names := []string{"a", "b"}
				m, cache := newManager(t), formatted(t)
				m.describe = nameless
				m.mustResume(t, 3, cache)
				for i, path := range paths {
					m.takeAlike(t, names[i], i+1, path, 3)
				}
				for _, id := range dirty {
					m.write(t, id)
				}
				m = m.again(t)
				m.mustResume(t, 3, cache)
				if len(dirty) == 1 {
					other := 2 - int(dirty[0]) // the clean one, under the id of which there is data
					refused(t, m, control.Mismatch, "is not that disk", m.creating(t, "swapped", int(dirty[0]), paths[other]))
				}
				refused(t, m, control.Mismatch, fmt.Sprintf("as device %d (", dirty[0]), m.creating(t, "swapped", 3-int(dirty[0]), paths[dirty[0]-1]))
				for _, id := range order {
					m.mustCreate(t, names[id-1], id, paths[id-1])
					m.mustAttach(t, control.AttachArgs{Device: id, Cache: 3})
				}
			})
		}
	}
}

// What forget says of a disk is said of the right one, wherever it is among
// those that were formatted alike.
func TestP8FindsAmongDisksAlike(t *testing.T) {
	paths := alike(t, "first", "second")
	m, cache := newManager(t), formatted(t)
	m.describe = nameless
	m.mustResume(t, 3, cache)
	m.takeAlike(t, "b", 2, paths[1], 3)
	m.write(t, 2)
	m.again(t)
	log, err := blockdev.Open(cache, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c := (&foreignCache{path: cache, super: superOf(cache)}).claims()[0]
	if path, state := whose.Find(paths, &c.binding, c.versions, log); path != paths[1] || !strings.Contains(state, "has nothing on it") {
		t.Errorf("%s %s", path, state)
	}
	paths = append(paths, copied(t, paths[1], "copy"))
	if path, _ := whose.Find(paths, &c.binding, c.versions, log); path != "one of "+paths[1]+" and "+paths[2]+", which nothing tells apart" {
		t.Errorf("beside a copy: %s", path)
	}
}

// Of a disk and its copy, neither with an identity, nothing tells which it is:
// that takes the administrator's word. Without the copy it does not.
func TestP8DiskBesideItsCopy(t *testing.T) {
	backing := filled(t, "its content")
	m, cache := dirtied(t, nameless, backing)
	image := copied(t, backing, "copy")
	m.disks = func(string, map[uint64]bool) ([]string, error) {
		return []string{filled(t, "another"), backing, image}, nil
	}
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	attach := control.AttachArgs{Device: 5, Cache: 3}
	for _, words := range []string{"both " + backing + " and " + image + " are the disk of the data", "`lc attach 5 3 --unidentified`", "`lc remove 5`, and create it over " + image} {
		refused(t, m, control.Mismatch, words, func() error { return m.attachTo(t, attach, quiet) })
	}
	m.mustRemove(t, 5)
	if err := os.Remove(image); err != nil {
		t.Fatal(err)
	}
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, attach)
}
