package blockdev

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// fakeHost makes a host of files, by path below it. A value that starts with
// "->" is a link's.
func fakeHost(t *testing.T, files map[string]string) host {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if len(text) > 2 && text[:2] == "->" {
			err = os.Symlink(text[2:], path)
		} else {
			err = os.WriteFile(path, []byte(text+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return host{sys: filepath.Join(root, "sys"), proc: filepath.Join(root, "proc"), udev: filepath.Join(root, "udev")}
}

func TestIdentity(t *testing.T) {
	for _, c := range []struct {
		name         string
		major, minor uint32
		files        map[string]string
		want         string
	}{
		{"SCSI", 8, 0, map[string]string{
			"sys/dev/block/8:0":                "->../../devices/sda",
			"sys/devices/sda/device/wwid":      "naa.5000c500a1b2c3d4",
			"sys/devices/sda/device/serial":    "later",
			"sys/devices/sda/queue/rotational": "1",

			"sys/devices/sda/queue/write_zeroes_max_bytes": "33553920",
		}, "device/wwid=naa.5000c500a1b2c3d4"},
		{"partition", 8, 1, map[string]string{
			"sys/dev/block/8:1":                "->../../devices/sda/sda1",
			"sys/devices/sda/device/wwid":      "naa.5",
			"sys/devices/sda/sda1/partition":   "1",
			"sys/devices/sda/sda1/start":       "2048",
			"sys/devices/sda/sda1/uevent":      "PARTUUID=ignored",
			"sys/devices/sda/queue/rotational": "1",

			"sys/devices/sda/queue/discard_max_bytes":      "1048576",
			"sys/devices/sda/queue/write_zeroes_max_bytes": "1048576",
		}, "device/wwid=naa.5 part=1 start=2048"},
		{"partition of a disk without identity", 254, 1, map[string]string{
			"sys/dev/block/254:1":            "->../../devices/vda/vda1",
			"sys/devices/vda/vda1/partition": "1",
			"sys/devices/vda/vda1/uevent":    "MAJOR=254\nPARTUUID=0b1d-01\nPARTN=1",
		}, "partuuid=0b1d-01"},
		{"virtio", 254, 0, map[string]string{
			"sys/dev/block/254:0":    "->../../devices/vda",
			"sys/devices/vda/serial": "hdd",
		}, "serial=hdd"},
		{"device mapper", 252, 0, map[string]string{
			"sys/dev/block/252:0":      "->../../devices/dm-0",
			"sys/devices/dm-0/dm/uuid": "LVM-abc",
			"sys/devices/dm-0/serial":  "later",
		}, "dm/uuid=LVM-abc"},
		{"NVMe", 259, 0, map[string]string{
			"sys/dev/block/259:0":               "->../../devices/nvme0n1",
			"sys/devices/nvme0n1/wwid":          "eui.0025",
			"sys/devices/nvme0n1/device/serial": "later",
		}, "wwid=eui.0025"},
		{"one that tells nothing", 251, 0, map[string]string{
			"sys/dev/block/251:0":    "->../../devices/zram0",
			"sys/devices/zram0/stat": "0",
		}, ""},
		{"one that is gone", 1, 1, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := fakeHost(t, c.files)
			want := []string{c.want}
			if c.want == "" {
				want = nil
			}
			if got := h.identities(c.major, c.minor); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			_, wantRotational := c.files["sys/devices/sda/queue/rotational"]
			if got := h.rotational(c.major, c.minor); got != wantRotational {
				t.Errorf("rotational %v, want %v", got, wantRotational)
			}
			_, wantDiscards := c.files["sys/devices/sda/queue/discard_max_bytes"]
			if got := h.discards(c.major, c.minor); got != wantDiscards {
				t.Errorf("discards %v, want %v", got, wantDiscards)
			}
		})
	}
}

// The fingerprint is in the superblocks of caches: it must stay what it is.
func TestFingerprintIsStable(t *testing.T) {
	for identity, want := range map[string]uint64{"": 0, "serial=hdd": 0xb404c80615e2ca94} {
		if got := fingerprint(identity); got != want {
			t.Errorf("%q: got %#x, want %#x", identity, got, want)
		}
	}
}

func TestLoopHasIdentityOfItsFile(t *testing.T) {
	d := open(t, kit.Disk(t, "disk", 1<<20), OpenOptions{})
	h := fakeHost(t, map[string]string{
		"sys/dev/block/7:0":                   "->../../devices/loop0",
		"sys/devices/loop0/loop/backing_file": d.Path(),
		"sys/devices/loop0/loop/offset":       "0",
		"sys/dev/block/7:1":                   "->../../devices/loop1",
		"sys/devices/loop1/loop/backing_file": d.Path(),
		"sys/devices/loop1/loop/offset":       "4096",
	})
	if got := h.identities(7, 0); !slices.Equal(got, []string{d.Identity()}) {
		t.Errorf("got %q, want %q", got, d.Identity())
	}
	if got, want := h.identities(7, 1), []string{d.Identity() + " offset=4096"}; !slices.Equal(got, want) {
		t.Errorf("with an offset: got %q, want %q", got, want)
	}
}

// The same disk keeps its identity however it is reached, and what earlier
// versions made of it is still known.
func TestIdentityOfTheSameDisk(t *testing.T) {
	for _, c := range []struct{ name, file, text, disk, now string }{
		{"multipath over SCSI", "dm/uuid", "mpath-35000c500a1b2c3d4", "dm-0", "device/wwid=naa.5000c500a1b2c3d4"},
		{"multipath by EUI", "dm/uuid", "mpath-2002538e10000001", "dm-0", "device/wwid=eui.002538e10000001"},
		{"multipath over NVMe", "dm/uuid", "mpath-eui.0025", "dm-0", "wwid=eui.0025"},
		{"multipath of a kind that paths do not tell", "dm/uuid", "mpath-1ATA_X", "dm-0", "dm/uuid=mpath-1ATA_X"},
		{"LUKS2", "dm/uuid", "CRYPT-LUKS2-0123456789abcdef0123456789abcdef-sec1", "dm-0", "dm/uuid=CRYPT-LUKS2-0123456789abcdef0123456789abcdef"},
		{"plain crypt has only its name", "dm/uuid", "CRYPT-PLAIN-sec1", "dm-0", "dm/uuid=CRYPT-PLAIN-sec1"},
		{"LVM", "dm/uuid", "LVM-abc", "dm-0", "dm/uuid=LVM-abc"},
		{"MMC", "device/cid", "15010030", "mmcblk0", "device/cid=15010030"},
		{"MMC's boot disk", "device/cid", "15010030", "mmcblk0boot1", "device/cid=15010030 boot=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := []string{c.now}
			if before := c.file + "=" + c.text; before != c.now {
				want = append(want, before)
			}
			if got := sameDisk(c.file, c.text, c.disk); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// A map goes by what its paths say, whichever of a disk's identifiers it is
// called after, and is known by the others too.
func TestIdentityOfAMap(t *testing.T) {
	files := map[string]string{
		"sys/dev/block/252:0":         "->../../devices/dm-0",
		"sys/devices/dm-0/dm/uuid":    "mpath-35000c500a1b2c3d4",
		"sys/devices/sda/device/wwid": "eui.0025385",
	}
	alone := []string{"device/wwid=naa.5000c500a1b2c3d4", "dm/uuid=mpath-35000c500a1b2c3d4"}
	if got := fakeHost(t, files).identities(252, 0); !slices.Equal(got, alone) {
		t.Errorf("without paths: %q", got)
	}
	files["sys/devices/dm-0/slaves/sda"] = "->../../sda"
	if got, want := fakeHost(t, files).identities(252, 0), append([]string{"device/wwid=eui.0025385"}, alone...); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	files["sys/devices/dm-0/dm/uuid"] = "LVM-abc"
	if got, want := fakeHost(t, files).identities(252, 0), []string{"dm/uuid=LVM-abc"}; !slices.Equal(got, want) {
		t.Errorf("a volume: %q, want %q", got, want)
	}
}

func TestFingerprints(t *testing.T) {
	d := Device{identities: []string{"serial=hdd", "before"}}
	if got := d.Fingerprints(); !slices.Equal(got, []uint64{d.Fingerprint(), fingerprint("before")}) || got[0] == 0 {
		t.Errorf("got %#x", got)
	}
	if d = (Device{}); d.Fingerprints() != nil || d.Fingerprint() != 0 {
		t.Errorf("of a disk without identity: %#x", d.Fingerprints())
	}
}
