package blockdev

import (
	"errors"
	"strings"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
	"golang.org/x/sys/unix"
)

// sda is a disk with a partition, before anybody uses it.
func sda(more map[string]string) map[string]string {
	files := map[string]string{
		"sys/dev/block/8:0":              "->../../devices/sda",
		"sys/devices/sda/dev":            "8:0",
		"sys/devices/sda/queue/nothing":  "",
		"sys/devices/sda/sda1/partition": "1",
		"sys/devices/sda/sda1/dev":       "8:1",
		"proc/self/mountinfo":            "21 1 254:0 / / rw,relatime - ext4 /dev/root rw",
		"proc/swaps":                     "Filename\tType\tSize\tUsed\tPriority",
	}
	for name, text := range more {
		files[name] = text
	}
	return files
}

func TestUsedBy(t *testing.T) {
	for _, c := range []struct {
		name string
		more map[string]string
		want string
	}{
		{"nobody", nil, ""},
		{"a mount", map[string]string{"proc/self/mountinfo": "30 21 8:0 / /srv rw shared:1 - xfs /dev/sda rw"}, "mounted at /srv"},
		{"a mount of its partition", map[string]string{"proc/self/mountinfo": "30 21 8:1 / /srv rw - ext4 /dev/sda1 rw"}, "its partition sda1 is mounted at /srv"},
		{"a device on it", map[string]string{
			"sys/devices/sda/holders/dm-3":   "->../../dm-3",
			"sys/devices/dm-3/dm/name":       "vg-lv",
			"sys/devices/sda/holders/ignore": "",
		}, "part of dm-3 (vg-lv)"},
		{"a device on its partition", map[string]string{"sys/devices/sda/sda1/holders/md0": ""}, "its partition sda1 is part of md0"},
		{"multipathd", map[string]string{"udev/data/b8:0": "S:disk/by-id/x\nE:ID_WWN=0x5\nE:DM_MULTIPATH_DEVICE_PATH=1\nG:systemd"},
			"it is a path of a multipath disk: take the map below /dev/mapper, or the disk out of multipath's hands (blacklist in /etc/multipath.conf)"},
		{"nobody, as multipathd says", map[string]string{"udev/data/b8:0": "E:DM_MULTIPATH_DEVICE_PATH=0"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := fakeHost(t, sda(c.more))
			nodes, err := h.family(8, 0)
			if err != nil {
				t.Fatal(err)
			}
			by := ""
			for _, look := range []func([]blockNode) (string, error){h.mountedAt, h.swappedTo, h.heldBy, h.claimedByMultipath} {
				if by == "" {
					if by, err = look(nodes); err != nil {
						t.Fatal(err)
					}
				}
			}
			if by != c.want {
				t.Errorf("got %q, want %q", by, c.want)
			}
		})
	}
}

func TestFileInUse(t *testing.T) {
	path := kit.Disk(t, "disk", 1<<20)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"nobody", map[string]string{"proc/swaps": "Filename"}, ""},
		{"swap", map[string]string{"proc/swaps": "Filename Type\n" + path + " file 1 0 -2"}, "swap space in use: swapoff it first"},
		{"a loop device", map[string]string{"sys/block/loop7/loop/backing_file": path}, "it lies under /dev/loop7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if by, err := fakeHost(t, c.files).usedBy(path); err != nil || by != c.want {
				t.Errorf("got %q, %v; want %q", by, err, c.want)
			}
		})
	}
}

// A host that cannot be asked is not one on which nobody uses a file.
func TestFileInUseUnknown(t *testing.T) {
	h := fakeHost(t, map[string]string{"proc/swaps": "Filename"})
	h.sys = "["
	if by, err := h.usedBy(kit.Disk(t, "disk", 1<<20)); err == nil {
		t.Errorf("got %q", by)
	}
}

func TestBlockDevice(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	identity := open(t, file, OpenOptions{}).Identity()
	dev := kit.LoopDevice(t, file)
	if err := CheckUnused(file); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dev) {
		t.Errorf("the file below %s: %v", dev, err)
	}
	d := open(t, dev, OpenOptions{Exclusive: true})
	if d.IsFile() || d.Size() != 8<<20 || d.LogicalBlock() != 512 || d.Major() != 7 {
		t.Errorf("IsFile %v, size %d, logical block %d, major %d", d.IsFile(), d.Size(), d.LogicalBlock(), d.Major())
	}
	if d.Identity() != identity {
		t.Errorf("identity %q, of its file %q", d.Identity(), identity)
	}
	if _, err := Open(dev, OpenOptions{Exclusive: true}); !errors.Is(err, ErrInUse) {
		t.Errorf("second exclusive open: %v", err)
	}
}

func TestMountedBlockDevice(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	kit.Run(t, "mkfs.ext4", "-q", "-F", file)
	dev, dir := kit.LoopDevice(t, file), t.TempDir()
	kit.Run(t, "mount", "-t", "ext4", dev, dir)
	defer unix.Unmount(dir, 0)
	_, err := Open(dev, OpenOptions{Exclusive: true})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "mounted at "+dir) {
		t.Errorf("got %v", err)
	}
}
