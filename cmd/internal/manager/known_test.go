package manager

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// A file that was a cache, on a file system that is dead, holds nobody up for
// ever; and as it may have what is newest, nothing goes on without a word.
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

// A disk that a log holds data of is not made anything else: the cache and the
// ways out are named, and work.
func TestP8HeldIn(t *testing.T) {
	m := newManager(t)
	backing, free := disk(t, "backing", 8<<20), disk(t, "free", 16<<20)
	cache := holding(t, backing, 5)
	held := func(path string, skip ...string) string {
		dev, err := blockdev.Open(path, blockdev.OpenOptions{Exclusive: true})
		if err != nil {
			t.Fatal(err)
		}
		defer dev.Close()
		if err := HeldIn(t.Context(), m.record, dev, false, skip, quiet); err != nil {
			return err.Error()
		}
		return ""
	}
	if why := held(backing); why != "" {
		t.Errorf("a cache in a file that this host has no record of is found: %s", why)
	}
	m.mustResume(t, 3, cache) // that makes one
	m.mustFree(t, 3)
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
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(cache, link); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(link)
	if err != nil {
		t.Fatal(err)
	}
	if paths, err := present(t.Context(), m.record, nil, blockdev.KeyOf(st)); err != nil || slices.Contains(paths, cache) {
		t.Errorf("a cache is asked what it holds of itself: %q, %v", paths, err)
	}
	m.mustResume(t, 3, cache)
	if _, err := m.Forget(t.Context(), control.ForgetArgs{Cache: 3, Device: 5, Yes: true}, quiet); err != nil {
		t.Fatal(err)
	}
	if why := held(backing); why != "" {
		t.Errorf("given up: %s", why)
	}
}

// A disk that nothing tells from one that a log holds data of is not made a
// cache without a word, and the ways that are named work: its data goes there,
// or it is another disk.
func TestP8LookalikeIsNoCache(t *testing.T) {
	t.Setenv("LC_STATE_DIR", t.TempDir())
	m := newManager(t)
	m.record = seen.Default()
	backing, other := disk(t, "backing", 8<<20), disk(t, "other", 8<<20)
	cache := holding(t, backing, 5) // knows it by its identity alone
	m.remember(t, cache)
	said, err := lc(t, "format-cache", "--force", other)
	for _, words := range []string{other + " may be the disk of device 5 (myLV, 8.0 MiB), for which the cache on " + cache + " holds data: it is as large, and has another identity",
		"`lc replay " + cache + " --device 5 --force-binding --to " + other + "`", "`lc forget " + cache + " 5 --replayed-to " + other + "`", "if it is not, --other-disk says so"} {
		if err == nil || !strings.Contains(said, words) {
			t.Errorf("%v: %q does not say %q", err, said, words)
		}
	}
	_, err = lc(t, "format-cache", "--other-disk", disk(t, "third", 8<<20))
	for _, words := range [][]string{
		{"replay", cache, "--device", "5", "--force-binding", "--to", other},
		{"forget", cache, "5", "--replayed-to", other},
		{"format-cache", other},
	} {
		if err == nil {
			_, err = lc(t, words...)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// What it is that is asked about, a blank disk without an identity or one that
// has what was written: only the first is in doubt, and the word of the
// administrator counts for nothing where there is none.
func TestP8HeldInNameless(t *testing.T) {
	backing := disk(t, "backing", 8<<20)
	cache := holding(t, backing, 5)
	for _, c := range []struct {
		path     string
		distinct bool
		want     string // "" = it may be formatted
	}{
		{disk(t, "blank", 8<<20), false, "it is as large, the host gives it no identity, and nothing on it tells"},
		{disk(t, "larger", 16<<20), false, "it is larger, but may have grown; the host gives it no identity"},
		{disk(t, "blank", 8<<20), true, ""},
	} {
		dev, err := blockdev.Open(c.path, blockdev.OpenOptions{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		d, err := nameless(dev, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		err = heldIn(&operation{ctx: t.Context(), hear: quiet}, []string{cache}, d, dev, c.distinct)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || classify.Classify(err).Code != control.Mismatch) {
			t.Errorf("%+v: %v", c, err)
		}
		dev.Close()
	}
	dev, err := blockdev.Open(backing, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	d, err := whose.Describe(dev, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := heldIn(&operation{ctx: t.Context(), hear: quiet}, []string{cache}, d, dev, true); classify.Classify(err).Code != control.HasContent {
		t.Errorf("its own disk, and the word that it is another: %v", err)
	}
}

// Without a superblock there is no log to be found: that is damage, and what is
// left to do is said.
func TestNoSuperblock(t *testing.T) {
	m := newManager(t)
	cache := formatted(t)
	spoil(t, cache, func(b []byte) { b[100]++ })
	for _, words := range []string{"neither copy of the superblock", "`dd if=" + cache + " of=FILE`", "`lc format-cache --force " + cache + "`"} {
		refused(t, m, control.Damaged, words, m.resuming(t, 3, cache))
	}
}

// A file that cannot be looked at, for whatever reason but that it is not
// there, can be skipped.
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
