package blockdev

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// Linux lets one open a read-only disk for writing, and fails the writes.
func TestReadOnlyDisk(t *testing.T) {
	for _, dev := range []string{kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20), "--read-only"), setReadOnly(t, kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20)))} {
		_, err := Open(dev, OpenOptions{Exclusive: true})
		if !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "it is read-only; `blockdev --setrw "+dev+"`") {
			t.Errorf("%s: got %v", dev, err)
		}
		open(t, dev, OpenOptions{ReadOnly: true, Exclusive: true}).Close()
	}
	dev := kit.LoopDevice(t, kit.Disk(t, "disk", 8<<20))
	setReadOnly(t, dev)
	if out, err := exec.Command("blockdev", "--setrw", dev).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	open(t, dev, OpenOptions{Exclusive: true}) // the way out works
}

// setReadOnly does so until the end of the test: a loop device remembers it
// when its next file comes.
func setReadOnly(t *testing.T, dev string) string {
	t.Helper()
	set := func(how string) {
		kit.Run(t, "blockdev", how, dev)
	}
	set("--setro")
	t.Cleanup(func() { set("--setrw") })
	return dev
}

// A loop device without a file is like a drive without a medium.
func TestNoMedium(t *testing.T) {
	kit.Need(t, kit.Loop)
	if _, err := Open(strings.TrimSpace(kit.Run(t, "losetup", "--find")), OpenOptions{Exclusive: true}); !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "no medium") {
		t.Errorf("got %v", err)
	}
}

func TestZonedDisk(t *testing.T) {
	before := thisHost
	t.Cleanup(func() { thisHost = before })
	for model, fit := range map[string]bool{"none": true, "host-aware": true, "host-managed": false} {
		thisHost = fakeHost(t, map[string]string{
			"sys/dev/block/8:0":           "->../../devices/sda",
			"sys/devices/sda/queue/zoned": model,
		})
		d := Device{path: "/dev/sda", fd: -1, major: 8, size: 1 << 30}
		if err := d.checkFit(); (err == nil) != fit || err != nil && (!errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), "zoned")) {
			t.Errorf("%s: %v", model, err)
		}
	}
}

func TestResized(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	dev := kit.LoopDevice(t, file)
	d, f := open(t, dev, OpenOptions{ReadOnly: true}), open(t, file, OpenOptions{ReadOnly: true})
	for _, size := range []int64{8 << 20, 12 << 20, 4 << 20} {
		if err := os.Truncate(file, size); err != nil {
			t.Fatal(err)
		}
		kit.Run(t, "losetup", "--set-capacity", dev)
		for _, o := range []*Device{d, f} {
			if was, now := o.Resized(); was != 8<<20 || now != uint64(size) || o.Size() != 8<<20 {
				t.Errorf("%s of %d bytes: was %d, now %d, Size %d", o.Path(), size, was, now, o.Size())
			}
		}
	}
}

// A file that another one has taken the place of is as large as it was.
func TestResizedIsOfTheSameFile(t *testing.T) {
	file, other := kit.Disk(t, "disk", 8<<20), kit.Disk(t, "other", 4<<20)
	d := open(t, file, OpenOptions{ReadOnly: true})
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	if was, now := d.Resized(); was != 8<<20 || now != 8<<20 {
		t.Errorf("was %d, now %d", was, now)
	}
}
