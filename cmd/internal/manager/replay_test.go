package manager

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/manager/managertest"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// lc runs a verb that needs no server, and returns what it says.
func lc(t *testing.T, words ...string) (string, error) {
	t.Helper()
	out, err := managertest.LC(t.Context(), words...)
	t.Logf("lc %s: %v: %s", strings.Join(words, " "), err, out)
	return out, err
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// outdone is a disk, the cache that drained to it, and an image of that cache
// with what was older. The host may know of the newer state by its record
// alone.
func outdone(t *testing.T) (backing, cache, image string) {
	t.Helper()
	t.Setenv("LC_STATE_DIR", t.TempDir())
	backing = filled(t, "its content")
	m := newManager(t)
	m.record, m.describe = seen.Default(), whose.Describe
	cache = formatted(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	m = m.again(t)
	image = copied(t, cache, "image")
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	if _, err := m.Drain(t.Context(), control.DrainArgs{ID: 3}, quiet); err != nil {
		t.Fatal(err)
	}
	m.again(t)
	f, err := os.OpenFile(backing, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// In the middle, where no witness looks, as what was written through the
	// newer copy.
	if _, err := f.WriteAt([]byte("newer"), 5<<20); err != nil {
		t.Fatal(err)
	}
	return backing, cache, image
}

// An image of the SSD would put older data over newer: replay asks what the
// host has seen, and so does forget.
func TestReplayOfAnOldCopy(t *testing.T) {
	for _, absent := range []bool{false, true} {
		backing, cache, image := outdone(t)
		if absent {
			if err := os.Remove(cache); err != nil {
				t.Fatal(err)
			}
		}
		before := content(t, backing)
		out, err := lc(t, "replay", image, "--to", backing)
		if err == nil || !strings.Contains(out, "is an old copy of cache") || !strings.Contains(out, "--accept-stale") {
			t.Errorf("replay: %v, %s", err, out)
		}
		if out, err := lc(t, "replay", image, "--to", backing, "--force-binding"); err == nil {
			t.Errorf("another word is taken for it: %s", out)
		}
		if !bytes.Equal(before, content(t, backing)) {
			t.Error("it has written")
		}
		if out, err := lc(t, "replay", image, "--to", filepath.Join(t.TempDir(), "new")); err != nil || !strings.Contains(out, "is an old copy") {
			t.Errorf("to a new file: %v, %s", err, out)
		}
		if out, err := lc(t, "replay", image, "--dry-run"); err != nil || !strings.Contains(out, "is an old copy") {
			t.Errorf("a list: %v, %s", err, out)
		}
		if out, err := lc(t, "forget", image, "5"); err == nil || !strings.Contains(out, "is an old copy of cache") {
			t.Errorf("forget: %v, %s", err, out)
		}
		if out, err := lc(t, "replay", image, "--to", backing, "--accept-stale"); err != nil && !strings.Contains(out, "--force-binding") {
			t.Errorf("with a word for it: %v, %s", err, out)
		}
		if !absent {
			if out, err := lc(t, "replay", cache, "--to", backing); err != nil || strings.Contains(out, "old copy") {
				t.Errorf("the newest: %v, %s", err, out)
			}
		}
	}
}

// Where neither the host nor the content tells, a disk of the size may be any.
func TestReplayNeedsAWitness(t *testing.T) {
	t.Setenv("LC_STATE_DIR", t.TempDir())
	_, cache := dirtied(t, nameless, disk(t, "a", 8<<20))
	other := filled(t, "another")
	before := content(t, other)
	if out, err := lc(t, "replay", cache, "--to", other); err == nil || !strings.Contains(out, "--force-binding") {
		t.Errorf("any disk: %v, %s", err, out)
	}
	if !bytes.Equal(before, content(t, other)) {
		t.Error("it has written")
	}
	if out, err := lc(t, "replay", cache, "--to", disk(t, "blank", 8<<20)); err != nil {
		t.Errorf("a blank file: %v, %s", err, out)
	}
	if out, err := lc(t, "replay", cache, "--to", filepath.Join(t.TempDir(), "new")); err != nil {
		t.Errorf("a new file: %v, %s", err, out)
	}
	if out, err := lc(t, "replay", cache, "--to", other, "--force-binding"); err != nil {
		t.Errorf("with a word for it: %v, %s", err, out)
	}
}

// A cache of which a disk's data was given up is not missed when that disk is
// used without it.
func TestGivenUpIsNotMissed(t *testing.T) {
	t.Setenv("LC_STATE_DIR", t.TempDir())
	backing := filled(t, "its content")
	m := newManager(t)
	m.record = seen.Default()
	cache := formatted(t)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 3})
	m.write(t, 5)
	m = m.again(t)
	if out, err := lc(t, "forget", cache, "5", "--yes"); err != nil {
		t.Fatalf("%v, %s", err, out)
	}
	if err := os.Remove(cache); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if _, err := m.Create(t.Context(), control.CreateArgs{Name: "myLV", ID: 5, Path: backing}, func(p control.Progress) { said.WriteString(p.Text) }); err != nil || strings.Contains(said.String(), "is not here") {
		t.Errorf("%v, it said %q", err, said.String())
	}
}

// A disk went on with another cache, all of it or a part, while the one with its
// data was away: a replay of that puts nothing behind the log of the other.
func TestReplayBehindAnotherLog(t *testing.T) {
	part := []string{"--offset", "1048576"}
	for name, options := range map[string][]string{"all of it": nil, "a part": part, "a part that the host does not know": part} {
		t.Run(name, func(t *testing.T) {
			describe := whose.Describe
			if strings.Contains(name, "not know") {
				describe = unknown
			}
			t.Setenv("LC_STATE_DIR", t.TempDir())
			image := filled(t, "its content")
			backing := kit.LoopDevice(t, image)
			on := backing
			if options != nil {
				on = kit.LoopDevice(t, image, options...)
			}
			m, cache := dirtied(t, describe, backing)
			m.record = seen.Default()
			away := filepath.Join(t.TempDir(), "away")
			if err := os.Rename(cache, away); err != nil {
				t.Fatal(err)
			}
			second := formatted(t)
			m.mustResume(t, 4, second)
			m.mustCreate(t, "myLV", 5, on)
			m.mustAttach(t, control.AttachArgs{Device: 5, Cache: 4})
			m.write(t, 5)
			m.again(t)
			before := content(t, image)
			out, err := lc(t, "replay", away, "--to", backing)
			for _, words := range []string{"the cache on " + second + " holds data for it as well", "`lc replay " + second + " --device 5 --dry-run`", "--skip-disk " + second} {
				if err == nil || !strings.Contains(out, words) {
					t.Errorf("%v, %s; want %s", err, out, words)
				}
			}
			if !bytes.Equal(before, content(t, image)) {
				t.Error("it has written")
			}
			if out, err := lc(t, "replay", away, "--to", backing, "--skip-disk", second); err != nil {
				t.Errorf("with a word for it: %v, %s", err, out)
			}
		})
	}
}
