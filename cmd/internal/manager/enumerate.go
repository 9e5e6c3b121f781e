package manager

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/segment"
	"golang.org/x/sys/unix"
)

// Disks lists the block devices of this host that may be a cache, or large
// enough for the backing of one, by path, but for those to skip.
func Disks(skip []string) ([]string, error) {
	not, err := allBut(skip)
	if err != nil {
		return nil, err
	}
	return disksToAsk("/sys", not.numbers)
}

// ErrNotListed is returned when the host does not tell which disks it has.
var ErrNotListed = errors.New("list the disks of this host")

// disksToAsk lists the block devices of this host that may be a cache, by path.
// Left out are those of the numbers in not, and those that cannot be one but
// would have to be woken, or might not answer: our own devices and what is
// stacked on them, device-mapper devices that are suspended, and drives without
// a medium or for CDs.
func disksToAsk(sys string, not map[uint64]bool) ([]string, error) {
	class := filepath.Join(sys, "class/block")
	names, err := os.ReadDir(class)
	if err != nil {
		return nil, control.Errorf(control.Failed, "%w: %w", ErrNotListed, err)
	}
	var paths []string
	for _, n := range names {
		dir, err := filepath.EvalSymlinks(filepath.Join(class, n.Name()))
		var major, minor uint32
		if err != nil {
			continue // it is gone
		}
		if _, err := fmt.Sscanf(sysText(dir, "dev"), "%d:%d", &major, &minor); err != nil {
			continue // nobody can open it
		}
		if !not[unix.Mkdev(major, minor)] && mayBeCache(dir) {
			paths = append(paths, "/dev/"+strings.ReplaceAll(n.Name(), "!", "/"))
		}
	}
	return paths, nil
}

// smallestCache is how small a cache can be, in sectors.
const smallestCache = (segment.LogOffset + segment.MinSlots*segment.MinSegmentSize) / segment.SectorSize

// mayBeCache goes by what the kernel tells of a block device without asking it.
func mayBeCache(dir string) bool {
	sectors, err := strconv.ParseUint(sysText(dir, "size"), 10, 64)
	if err != nil || sectors < smallestCache { // a drive without a medium has none
		return false
	}
	const scsiROM = "5"
	if strings.HasPrefix(filepath.Base(dir), "sr") || sysText(dir, "device/type") == scsiROM && sysText(dir, "removable") == "1" {
		return false
	}
	return sysText(dir, "dm/suspended") != "1" && !onOurs(dir)
}

// onOurs tells whether a block device is one of a ublk server, a partition of
// one, or stacked on one. One that hangs would hold us up, and caches do not
// lie there.
func onOurs(dir string) bool {
	if strings.HasPrefix(filepath.Base(dir), "ublkb") {
		return true
	}
	if _, err := os.Lstat(filepath.Join(dir, "partition")); err == nil {
		return onOurs(filepath.Dir(dir))
	}
	if strings.HasPrefix(sysText(dir, "loop/backing_file"), "/dev/ublkb") {
		return true
	}
	below, _ := os.ReadDir(filepath.Join(dir, "slaves"))
	for _, n := range below {
		if lower, err := filepath.EvalSymlinks(filepath.Join(dir, "slaves", n.Name())); err == nil && onOurs(lower) {
			return true
		}
	}
	return false
}

func sysText(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// exceptions are disks and files that are not asked whether they are a cache.
type exceptions struct {
	numbers map[uint64]bool // of block devices
	files   []os.FileInfo
	paths   map[string]bool // as they were named: a file on a file system that hangs cannot be looked at
}

// allBut are the exceptions that the administrator names, and block devices by
// their numbers.
func allBut(skip []string, numbers ...uint64) (*exceptions, error) {
	e := &exceptions{numbers: map[uint64]bool{}, paths: map[string]bool{}}
	for _, n := range numbers {
		e.numbers[n] = true
	}
	return e, e.skip(skip)
}

// skip adds those that the administrator names.
func (e *exceptions) skip(paths []string) error {
	for _, p := range paths {
		e.paths[p] = true
		st, err := statSoon(p, slowLook)
		if errors.Is(err, fs.ErrNotExist) {
			return control.Errorf(control.NotFound, "--skip-disk %s: %w", p, errors.Unwrap(err))
		}
		if err != nil {
			continue // it cannot be looked at, and is not to be
		}
		switch sys := st.Sys().(*syscall.Stat_t); {
		case sys.Mode&unix.S_IFMT == unix.S_IFBLK:
			e.numbers[sys.Rdev] = true
		case st.Mode().IsRegular():
			e.files = append(e.files, st)
		default:
			return control.Errorf(control.BadValue, "--skip-disk %s: that is neither a block device nor a file, and only those are asked", p)
		}
	}
	return nil
}

// file tells whether a file is among them.
func (e *exceptions) file(st os.FileInfo) bool {
	return slices.ContainsFunc(e.files, func(f os.FileInfo) bool { return os.SameFile(f, st) })
}
