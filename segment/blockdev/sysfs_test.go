package blockdev

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

// on has the package ask another host until the end of the test.
func on(t *testing.T, h host) {
	before := thisHost
	t.Cleanup(func() { thisHost = before })
	thisHost = h
}

// Nobody is told to use no disk because the host did not answer: that is an error.
func TestAHostThatDoesNotAnswer(t *testing.T) {
	loop := kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20))
	d := open(t, loop, OpenOptions{ReadOnly: true})
	was := d.Size()
	on(t, fakeHost(t, nil))
	for what, ask := range map[string]func() error{
		"who uses it":           func() error { return CheckUnused(loop) },
		"who uses nothing":      func() error { return CheckUnused("/nonexistent") },
		"who has it open":       func() error { _, err := OpenedBy(loop); return err },
		"who has nothing open":  func() error { _, err := OpenedBy("/nonexistent"); return err },
		"who has a file open":   func() error { _, err := OpenedBy(kit.Disk(t, "disk", 512)); return err },
		"who writes to it":      d.checkWriters,
		"what it is a part of":  func() error { _, err := d.Overlaps(); return err },
		"whether it is doubled": func() error { _, err := d.Doubled(); return err },
		"which disks there are": func() error { _, err := KnownBy(7); return err },
	} {
		if err := ask(); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, now := d.Resized(); now != was || d.BecameReadOnly() {
		t.Errorf("a disk that is gone has %d bytes, read-only %v", now, d.BecameReadOnly())
	}
	if by, err := (&Device{}).Doubled(); err != nil || by != "" {
		t.Errorf("a disk without identity is doubled by %q, %v", by, err)
	}
}

// The same where the host answers nonsense, or only half.
func TestAHostThatAnswersHalf(t *testing.T) {
	for name, c := range map[string]struct {
		more map[string]string
		look func(host) error
	}{
		"a partition without a number": {map[string]string{"sys/devices/sda/sda2/partition": "2"}, func(h host) error { _, err := h.family(8, 0); return err }},
		"a disk that is no directory":  {map[string]string{"sys/dev/block/8:16": ""}, func(h host) error { _, err := h.family(8, 16); return err }},
		"no table of mounts":           {nil, func(h host) error { h.proc += "/none"; _, err := h.mountedAt(nil); return err }},
		"a table of swaps in no place": {map[string]string{"file": ""}, func(h host) error { h.proc += "/../file"; return h.swaps(nil) }},
		"a table of swaps that cannot be read": {map[string]string{"other/swaps/x": ""}, func(h host) error {
			h.proc += "/../other"
			return h.swaps(nil)
		}},
		"holders that are no directory": {map[string]string{"sys/devices/sda/holders": ""}, func(h host) error {
			nodes, err := h.family(8, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = h.heldBy(nodes)
			return err
		}},
	} {
		if err := c.look(fakeHost(t, sda(c.more))); err == nil {
			t.Errorf("%s is no error", name)
		}
	}
	h := fakeHost(t, map[string]string{
		"sys/dev/block/8:0":                   "->../../devices/sda",
		"sys/devices/sda/size":                "many",
		"sys/devices/sda/queue/x":             "",
		"sys/devices/sda/sda1/partition":      "1",
		"sys/dev/block/8:1":                   "->../../devices/sda/sda1",
		"sys/devices/sda/slaves/gone":         "->../../gone",
		"sys/devices/sda/holders/gone":        "->../../gone",
		"sys/class/block/loop7":               "->../../devices/gone",
		"sys/devices/loop8/loop/offset":       "0",
		"sys/devices/loop8/loop/backing_file": "/nonexistent",
	})
	on(t, h)
	d := &Device{path: "/dev/sda", fd: -1, major: 8, size: 1 << 20}
	if _, now := d.Resized(); now != 1<<20 {
		t.Errorf("a disk that says no size has %d bytes", now)
	}
	if n := h.optimalIO(8, 0); n != 0 {
		t.Errorf("a disk that prefers nothing prefers %d", n)
	}
	if ids := h.identities(8, 1); ids != nil {
		t.Errorf("a partition of nothing is %q", ids)
	}
	if path := h.pathBelow(filepath.Join(h.sys, "devices/sda")); path != "" {
		t.Errorf("below a path that is gone lies %q", path)
	}
	if ids := h.identitiesOf(filepath.Join(h.sys, "devices/loop8")); ids != nil {
		t.Errorf("a loop device over a file that is gone is %q", ids)
	}
	if n := h.wholeDisk(filepath.Join(h.sys, "devices/sda/sda1")); n != 0 {
		t.Errorf("a partition of a disk without number is of %d", n)
	}
	for _, dir := range []string{"devices/sda", "devices/sda/sda1", "devices/loop8"} {
		if dir = filepath.Join(h.sys, dir); h.body(dir, "x") != dir {
			t.Errorf("%s is a part of %s", dir, h.body(dir, "x"))
		}
	}
	self := h.layerOf(filepath.Join(h.sys, "devices/sda"))
	if all := h.loopsOn(&self); len(all) > 0 {
		t.Errorf("loop devices that are gone lie on it: %+v", all)
	}
}

// A SCSI disk of old says who it is on a page of its own, with a heading of
// four bytes.
func TestIdentityOnAPage(t *testing.T) {
	h := fakeHost(t, map[string]string{
		"sys/dev/block/8:0":               "->../../devices/sda",
		"sys/devices/sda/device/vpd_pg80": "\x00\x80\x00\x08 WD-1234 ",
	})
	if got := h.identities(8, 0); !slices.Equal(got, []string{"vpd_pg80=WD-1234"}) {
		t.Errorf("got %q", got)
	}
}

// A file on a file system that says nothing of itself goes by the number of its
// disk.
func TestFileSystemWithoutAName(t *testing.T) {
	if got := fileSystemID(-1, &unix.Stat_t{Dev: unix.Mkdev(8, 1)}); got != "8:1" {
		t.Errorf("got %q", got)
	}
}

// No identity has the fingerprint 0, which means that there is none.
func TestFingerprintOfZero(t *testing.T) {
	if got := fingerprint("\xd5\x6b\xb9\x53\x42\x87\x08\x36"); got != 1 { // whose hash is 0
		t.Errorf("got %#x", got)
	}
}

// A disk that is swapped to is in use, and so is that of a partition.
func TestSwapOnADisk(t *testing.T) {
	loop := kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20))
	var st unix.Stat_t
	if err := unix.Stat(loop, &st); err != nil {
		t.Fatal(err)
	}
	h := fakeHost(t, map[string]string{"proc/swaps": "Filename Type\n" + loop + " partition 1 0 -2"})
	for _, c := range []struct {
		node blockNode
		want string
	}{
		{blockNode{number: st.Rdev}, "swap space in use: swapoff it first"},
		{blockNode{number: st.Rdev, part: true, name: "sda1"}, "its partition sda1 is swap space in use: swapoff it first"},
		{blockNode{number: st.Rdev + 1}, ""},
	} {
		if by, err := h.swappedTo([]blockNode{c.node}); err != nil || by != c.want {
			t.Errorf("got %q, %v; want %q", by, err, c.want)
		}
	}
}

// An open file counts if it can be written by: one that only names the disk, is
// closed meanwhile, or cannot be looked at is none.
func TestOpenFilesThatDoNotCount(t *testing.T) {
	disk := kit.Disk(t, "disk", 512)
	open := func(flags string) host {
		return fakeHost(t, map[string]string{
			"proc/1/fd/3": "->" + disk, "proc/1/fdinfo/3": "pos: 0\n" + flags, "proc/1/comm": "init",
			"proc/1/fd/4": "->/gone", "proc/1/fd/5": "->socket:[7]", "proc/1/fd/6": "->" + disk, "proc/stat": "",
		})
	}
	for flags, want := range map[string]string{
		"flags:\t0100002":   "open for writing by process 1 (init)", // O_RDWR
		"flags:\t0100000":   "",                                     // O_RDONLY
		"flags:\t010000002": "",                                     // O_PATH
		"flags:\tnine":      "",
		"":                  "",
	} {
		h := open(flags)
		if by, err := h.openedBy(disk, true); err != nil || by != want {
			t.Errorf("%q: %q, %v; want %q", flags, by, err, want)
		}
	}
}

// A loop device over a loop device is built on it, and both are parts of the file.
func TestOverlappingLoopsOfLoops(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	below := kit.LoopDevice(t, file)
	above := kit.LoopDevice(t, below, "--offset", "1048576")
	overlaps := func(path string, part bool) (paths []string) {
		all, err := open(t, path, OpenOptions{ReadOnly: true}).Overlaps()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			if o.Part == part {
				paths = append(paths, o.Path)
			}
		}
		return paths
	}
	if got := overlaps(above, false); !slices.Contains(got, below) {
		t.Errorf("%s lies on %q, and not on %s", above, got, below)
	}
	if got := overlaps(below, true); !slices.Contains(got, above) {
		t.Errorf("on %s lies %q, and not %s", below, got, above)
	}
}
