package manager

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
)

// What is in use is known by what was opened, and nobody has to ask its path
// again: on a file system whose server is gone that would hold all others up
// with the lock.
func TestUsedByUsAsksNoPath(t *testing.T) {
	m := newManager(t)
	cache, backing := formatted(t), disk(t, "backing", 8<<20)
	m.mustResume(t, 3, cache)
	m.mustCreate(t, "myLV", 5, backing)
	links := t.TempDir()
	for name, to := range map[string]string{"cache": cache, "backing": backing, "other": formatted(t)} {
		if err := os.Symlink(to, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	stat = func(path string) (os.FileInfo, error) {
		if !m.mu.TryLock() {
			t.Errorf("%s is asked for with the lock held", path)
		} else {
			m.mu.Unlock()
		}
		if path == cache || path == backing {
			t.Errorf("%s, which is open, is asked for", path)
		}
		return os.Stat(path)
	}
	defer func() { stat = os.Stat }()
	m.record = seen.Dir(t.TempDir()) // the files of the other one are asked for, with a limit
	refused(t, m, control.InUse, "is cache 3 already", m.resuming(t, 4, filepath.Join(links, "cache")))
	refused(t, m, control.InUse, "is the backing of device 5 already", m.creating(t, "x", 6, filepath.Join(links, "backing")))
	m.mustResume(t, 4, filepath.Join(links, "other"))
	m.mustCreate(t, "x", 6, disk(t, "another", 16<<20))
}

// A path that never answers holds up nobody but who named it.
func TestSilentPathHoldsNobodyUp(t *testing.T) {
	m := newManager(t)
	silent, asked, release := disk(t, "silent", 8<<20), make(chan struct{}), make(chan struct{})
	stat = func(path string) (os.FileInfo, error) {
		if path == silent {
			close(asked)
			<-release
		}
		return os.Stat(path)
	}
	defer func() { stat = os.Stat }()
	done := make(chan error)
	go func() { done <- m.resuming(t, 4, silent)() }()
	<-asked
	m.mustResume(t, 3, formatted(t))
	m.mustCreate(t, "myLV", 5, disk(t, "backing", 8<<20))
	close(release)
	if err := <-done; err == nil {
		t.Error("what is no cache was resumed")
	}
}
