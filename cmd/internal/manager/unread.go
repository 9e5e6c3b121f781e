package manager

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/whose"
	"github.com/ublk-lc/ublk-lc/logcache"
	"github.com/ublk-lc/ublk-lc/segment"
	"github.com/ublk-lc/ublk-lc/segment/blockdev"
	"github.com/ublk-lc/ublk-lc/ublk/uring/mem"
)

// probe is what a disk looks like: a cache, one that cannot be read, or neither.
type probe struct {
	super *segment.Super
	now   string // what another program has made of it since it was a cache, "" if none
	err   error  // why it cannot be read, although it is a cache
}

// probeCache reads the superblock of a disk. One that cannot be opened, or read
// where our magic would be, is taken for no cache: drives that do not answer
// reads are common, such as the passive paths of a multipath device.
func probeCache(path string) probe {
	dev, err := blockdev.Open(path, blockdev.OpenOptions{ReadOnly: true})
	if err != nil {
		return probe{}
	}
	defer dev.Close()
	if dev.Size() == 0 {
		return probe{}
	}
	super, err := logcache.ReadSuper(dev)
	if errors.Is(err, segment.ErrNotFormatted) {
		return probe{}
	}
	now, _ := whose.TakenBy(dev) // what cannot be read does not tell of another program
	switch {
	case err == nil:
		return probe{super: super, now: now}
	case !marked(dev), now != "" && !errors.Is(err, segment.ErrVersion): // and nobody finds a log there any more
		return probe{}
	}
	return probe{err: err}
}

// marked tells whether a disk carries our magic, where either copy of the
// superblock starts.
func marked(dev *blockdev.Device) bool {
	buf, err := mem.Alloc(4096)
	if err != nil {
		return false
	}
	defer mem.Free(buf)
	for i := range int64(2) {
		if _, err := dev.ReadAt(buf, i*segment.SuperSpace); err != nil {
			continue
		}
		if _, err := segment.DecodeSuper(buf); !errors.Is(err, segment.ErrNotFormatted) {
			return true
		}
	}
	return false
}

// unread is a cache of which nobody knows what it holds.
type unread struct{ path, reason string }

func newUnread(path string, err error) unread {
	if errors.Is(err, segment.ErrVersion) {
		return unread{path, fmt.Sprintf("a newer version of this program made it, which can read it (%v)", err)}
	}
	return unread{path, fmt.Sprintf("`lc check %s` tells more (%v)", path, err)}
}

// errUnread is that caches which cannot be read may hold data of a disk.
func errUnread(d *whose.Disk, all []unread) error {
	var why, skip []string
	for _, u := range all {
		why = append(why, fmt.Sprintf("%s is a cache whose superblock cannot be read: %s", u.path, u.reason))
		skip = append(skip, "--skip-disk "+u.path)
	}
	return control.Errorf(control.Mismatch, "%s; nobody can tell whether newer data of %s is there. If none is, `lc create %s %d %s %s` goes on without asking it",
		strings.Join(why, "; "), d.Path, d.Name, d.ID, d.Path, strings.Join(skip, " "))
}

// mayHold is that a cache which cannot be read may hold data of a disk that is to
// be used for something else.
func (u unread) mayHold(d *whose.Disk) error {
	return control.Errorf(control.Mismatch, "%s is a cache whose superblock cannot be read: %s; nobody can tell whether data of %s is there. If none is, --skip-disk %s goes on without asking it",
		u.path, u.reason, d.Path, u.path)
}
