package manager

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/cmd/internal/control"
	"github.com/ublk-lc/ublk-lc/cmd/internal/control/classify"
	"golang.org/x/sys/unix"
)

// fakeSys makes a sysfs of block devices, each with its files. A value that
// starts with "->" is a link's.
func fakeSys(t *testing.T, disks map[string]map[string]string) string {
	t.Helper()
	root := t.TempDir()
	put := func(path, text string) {
		path = filepath.Join(root, path)
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if to, link := strings.CutPrefix(text, "->"); err == nil && link {
			err = os.Symlink(to, path)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, files := range disks {
		put("class/block/"+filepath.Base(name), "->../../devices/"+name)
		for file, text := range files {
			put("devices/"+name+"/"+file, text)
		}
	}
	return root
}

// Who cannot be a cache is neither woken nor waited for.
func TestDisksToAsk(t *testing.T) {
	const size = "2097152"
	sys := fakeSys(t, map[string]map[string]string{
		"sda":             {"dev": "8:0", "size": size},
		"sda/sda1":        {"dev": "8:1", "size": size, "partition": "1"},
		"sdb":             {"dev": "8:16", "size": "0"},
		"sr0":             {"dev": "11:0", "size": size},
		"scd":             {"dev": "11:1", "size": size, "removable": "1", "device/type": "5"},
		"usb":             {"dev": "8:32", "size": size, "removable": "1", "device/type": "0"},
		"dm-0":            {"dev": "252:0", "size": size, "dm/suspended": "1"},
		"dm-1":            {"dev": "252:1", "size": size, "dm/suspended": "0", "slaves/sda": "->../../sda"},
		"dm-2":            {"dev": "252:2", "size": size, "dm/suspended": "0", "slaves/dm-3": "->../../dm-3"},
		"dm-3":            {"dev": "252:3", "size": size, "dm/suspended": "0", "slaves/ublkb0p1": "->../../ublkb0/ublkb0p1"},
		"loop0":           {"dev": "7:0", "size": size, "loop/backing_file": "/dev/ublkb0"},
		"ublkb0":          {"dev": "259:0", "size": size},
		"ublkb0/ublkb0p1": {"dev": "259:1", "size": size, "partition": "1"},
		"nvme0c0n1":       {"size": size},
		"cciss!c0d0":      {"dev": "104:0", "size": size},
		"nvme0n1":         {"dev": "259:9", "size": size},
	})
	got, err := disksToAsk(sys, map[uint64]bool{unix.Mkdev(259, 9): true})
	want := []string{"/dev/cciss/c0d0", "/dev/dm-1", "/dev/sda", "/dev/sda1", "/dev/usb"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// Who can go on without the list knows that error from others.
func TestDisksAreNotListed(t *testing.T) {
	_, err := disksToAsk(t.TempDir(), nil)
	if !errors.Is(err, ErrNotListed) || !errors.Is(err, fs.ErrNotExist) || classify.Classify(err).Code != control.Failed {
		t.Errorf("a host without sysfs: %v", err)
	}
}

func TestSkipDisk(t *testing.T) {
	m := newManager(t)
	hdd := disk(t, "hdd", 64<<20)
	for _, c := range []struct {
		path  string
		code  control.Code
		words string
	}{{"/dev/nonexistent", control.NotFound, "--skip-disk /dev/nonexistent: no such file"}, {"/dev/null", control.BadValue, "neither a block device nor a file"}} {
		refused(t, m, c.code, c.words, func() error {
			_, err := m.Create(t.Context(), control.CreateArgs{Name: "x", ID: 5, Path: hdd, SkipDisks: []string{c.path}}, quiet)
			return err
		})
	}
	all, err := disksToAsk("/sys", nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Skip("no disk here to be asked")
	}
	not, err := allBut(all[:1])
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := disksToAsk("/sys", not.numbers); err != nil || slices.Contains(rest, all[0]) || len(rest) != len(all)-1 {
		t.Errorf("without %s: %q, %v", all[0], rest, err)
	}
}
