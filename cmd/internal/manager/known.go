package manager

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/seen"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
)

// knownPatience is how long a file in which there was a cache may take to tell
// that it is there: it may lie on a network file system whose server is gone.
const knownPatience = 5 * time.Second

// errSilent says that a path does not answer.
var errSilent = errors.New("it does not answer")

// stat asks for a file; a test puts one that does not answer in its place.
var stat = os.Stat

// statSoon is stat with an end.
func statSoon(path string, limit time.Duration) (os.FileInfo, error) {
	type answer struct {
		st  os.FileInfo
		err error
	}
	got := make(chan answer, 1)
	ask := stat
	go func() {
		st, err := ask(path)
		got <- answer{st, err}
	}()
	select {
	case a := <-got:
		return a.st, a.err
	case <-time.After(limit):
		return nil, &fs.PathError{Op: "stat", Path: path, Err: errSilent}
	}
}

// knownFile is a file in which there was a cache.
type knownFile struct {
	path string
	key  blockdev.Key
}

// known are the files in which a host has had caches, but for some. One that is
// gone is none of them: its cache is absent, and told of as such. One that
// cannot be asked is refused, for it may have what is newest of a disk.
func known(ctx context.Context, record seen.Dir, not *exceptions, limit time.Duration) ([]knownFile, error) {
	var files []knownFile
	for _, c := range record.All() {
		if not.paths[c.Path] {
			continue
		}
		if ctx.Err() != nil {
			return nil, control.Errorf(control.Interrupted, "interrupted while files that were caches were looked for; nothing was done")
		}
		st, err := statSoon(c.Path, limit)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, control.Errorf(control.Failed, "%s, where this host has last seen cache %s, cannot be looked at, and may hold what is newest: %w; `--skip-disk %s` goes on without it", c.Path, c.UUID, err, c.Path)
		case st.Mode().IsRegular() && !not.file(st):
			files = append(files, knownFile{c.Path, blockdev.KeyOf(st)})
		}
	}
	return files, nil
}

// knownFiles are the files in which this host has had caches, but for those
// that are in service, and some.
func (m *Manager) knownFiles(ctx context.Context, not *exceptions) ([]string, error) {
	all, err := known(ctx, m.record, not, knownPatience)
	if err != nil {
		return nil, err
	}
	var paths []string
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range all {
		if m.usedByUsLocked(place{key: f.key}, nil) == "" {
			paths = append(paths, f.path)
		}
	}
	return paths, nil
}

// present are all disks and files of this host that may be a cache, but for
// those to skip, and one.
func present(ctx context.Context, record seen.Dir, skip []string, but blockdev.Key) ([]string, error) {
	not, err := allBut(skip, but.Number)
	if err != nil {
		return nil, err
	}
	disks, err := disksToAsk("/sys", not.numbers)
	if err != nil {
		return nil, err
	}
	files, err := known(ctx, record, not, knownPatience)
	for _, f := range files {
		if f.key != but {
			disks = append(disks, f.path)
		}
	}
	return disks, err
}
