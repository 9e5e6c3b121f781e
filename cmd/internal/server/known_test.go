package server

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// A file that was a cache, on a file system that is dead, holds nobody up for ever; and as it may have what is newest, nothing
// goes on without a word.
func TestP8KnownFileDoesNotAnswer(t *testing.T) {
	m := newManager(t)
	cache := holding(t, disk(t, "backing", 8<<20), 5)
	m.remember(t, cache)
	release := make(chan struct{})
	stat = func(path string) (os.FileInfo, error) {
		if path == cache {
			<-release
		}
		return os.Stat(path)
	}
	defer func() { close(release); stat = os.Stat }()
	_, err := known(t.Context(), m.record, &exceptions{}, 10*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "`--skip-disk "+cache+"` goes on without it") {
		t.Errorf("a file that does not answer: %v", err)
	}
	not, err := allBut([]string{cache})
	if err != nil {
		t.Fatal(err)
	}
	if files, err := known(t.Context(), m.record, not, 10*time.Millisecond); err != nil || len(files) != 0 {
		t.Errorf("skipped: %v, %v", files, err)
	}
}

// A file that is gone does not hold anything up.
func TestKnownFileIsGone(t *testing.T) {
	m := newManager(t)
	m.remember(t, t.TempDir()+"/gone")
	if files, err := known(t.Context(), m.record, &exceptions{}, time.Minute); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// A disk that a log holds data of is not made anything else: the cache and the ways out are named, and work.
func TestP8HeldIn(t *testing.T) {
	m := newManager(t)
	backing, free := disk(t, "backing", 8<<20), disk(t, "free", 16<<20)
	cache := holding(t, backing, 5)
	m.remember(t, cache)
	held := func(path string, skip ...string) string {
		dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		defer dev.Close()
		why, err := HeldIn(t.Context(), m.record, dev, skip, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	why := held(backing)
	for _, words := range []string{"the cache on " + cache, "device 5 ", "`lc detach 5`", "`lc replay " + cache + " --device 5 --to " + backing + "`", "`lc forget " + cache + " 5 --replayed-to " + backing + "`"} {
		if !strings.Contains(why, words) {
			t.Errorf("%q does not say %q", why, words)
		}
	}
	if why := held(backing, cache); why != "" {
		t.Errorf("the cache is skipped: %s", why)
	}
	if why := held(free); why != "" {
		t.Errorf("another disk: %s", why)
	}
	m.mustResume(t, 3, cache)
	if _, err := m.Forget(t.Context(), control.ForgetArgs{Cache: 3, Device: 5, Yes: true}, quiet); err != nil {
		t.Fatal(err)
	}
	if why := held(backing); why != "" {
		t.Errorf("given up: %s", why)
	}
}

// Without a superblock there is no log to be found: that is damage, and what is left to do is said.
func TestNoSuperblock(t *testing.T) {
	m := newManager(t)
	cache := formatted(t)
	spoil(t, cache, func(b []byte) { b[100]++ })
	for _, words := range []string{"neither copy of the superblock", "`dd if=" + cache + " of=FILE`", "`lc format-cache --force " + cache + "`"} {
		refused(t, m, control.Damaged, words, m.resuming(t, 3, cache))
	}
}

// A file that cannot be looked at, for whatever reason but that it is not there, can be skipped.
func TestKnownFileCannotBeLookedAt(t *testing.T) {
	m := newManager(t)
	file := disk(t, "file", 8<<20)
	path := file + "/below" // ENOTDIR
	m.remember(t, path)
	if _, err := known(t.Context(), m.record, &exceptions{}, time.Minute); err == nil || !strings.Contains(err.Error(), "--skip-disk "+path) {
		t.Errorf("it is passed over: %v", err)
	}
	not, err := allBut([]string{path})
	if err != nil {
		t.Fatal(err)
	}
	if files, err := known(t.Context(), m.record, not, time.Minute); err != nil || len(files) != 0 {
		t.Errorf("skipped: %v, %v", files, err)
	}
}
