package blockdev

import (
	"path/filepath"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

// disks are block devices of a host, each with its files, as the kernel shows them.
func disks(files map[string]map[string]string) map[string]string {
	all := map[string]string{}
	for name, own := range files {
		all["sys/class/block/"+filepath.Base(name)] = "->../../devices/" + name
		for file, text := range own {
			all["sys/devices/"+name+"/"+file] = text
		}
	}
	return all
}

func TestDoubled(t *testing.T) {
	type host = map[string]map[string]string
	disk := func(number, file, text string) map[string]string {
		return map[string]string{"dev": number, file: text}
	}
	path := func(number, above string) map[string]string {
		return map[string]string{"dev": number, "device/wwid": "naa.5", "holders/dm-0": "->../../" + above}
	}
	for _, c := range []struct {
		name string
		of   string
		host host
		want string
	}{
		{"alone", "sda", host{"sda": disk("8:0", "device/wwid", "naa.5"), "sdb": disk("8:16", "device/wwid", "naa.6")}, ""},
		{"two disks", "sda", host{"sda": disk("8:0", "device/wwid", "naa.5"), "sdb": disk("8:16", "device/wwid", "naa.5")}, "/dev/sdb"},
		{"a path and its map", "sda", host{"sda": path("8:0", "dm-0"), "sdb": path("8:16", "dm-0"), "dm-0": disk("252:0", "dm/uuid", "mpath-35")}, ""},
		{"a map and its paths", "dm-0", host{"sda": path("8:0", "dm-0"), "sdb": path("8:16", "dm-0"), "dm-0": disk("252:0", "dm/uuid", "mpath-35")}, ""},
		{"a map and a disk beside it", "dm-0", host{"sda": path("8:0", "dm-0"), "sdb": disk("8:16", "device/wwid", "naa.5"), "dm-0": disk("252:0", "dm/uuid", "mpath-35")}, "/dev/sdb"},
		{"a path that nobody can open", "nvme0n1", host{"nvme0n1": disk("259:0", "wwid", "eui.1"), "nvme0c0n1": {"wwid": "eui.1"}}, ""},
		{"a partition and its disk", "sda/sda1", host{
			"sda":      disk("8:0", "device/wwid", "naa.5"),
			"sda/sda1": {"dev": "8:1", "partition": "1", "start": "2048"},
		}, ""},
		{"the same partition of two disks", "sda/sda1", host{
			"sda":      disk("8:0", "device/wwid", "naa.5"),
			"sda/sda1": {"dev": "8:1", "partition": "1", "start": "2048"},
			"sdb":      disk("8:16", "device/wwid", "naa.5"),
			"sdb/sdb1": {"dev": "8:17", "partition": "1", "start": "2048"},
		}, "/dev/sdb1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := fakeHost(t, disks(c.host))
			dir := filepath.Join(h.sys, "devices", c.of)
			identity := h.identitiesOf(dir)[0]
			if got, err := h.double(identity, h.body(dir, identity)); err != nil || got != c.want {
				t.Errorf("%s: got %q, %v; want %q", identity, got, err, c.want)
			}
		})
	}
}

// Two loop devices over one file, and the file, are one disk.
func TestDoubledLoops(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	a, b := kit.LoopDevice(t, file), kit.LoopDevice(t, file)
	for _, path := range []string{a, b, file} {
		d := open(t, path, OpenOptions{ReadOnly: true})
		if by, err := d.Doubled(); err != nil || by != "" {
			t.Errorf("%s: doubled by %q, %v", path, by, err)
		}
	}
	over := kit.LoopDevice(t, a)
	o, d := open(t, over, OpenOptions{ReadOnly: true}), open(t, a, OpenOptions{ReadOnly: true})
	if o.Identity() != d.Identity() {
		t.Errorf("%s over %s has identity %q, and that has %q", over, a, o.Identity(), d.Identity())
	}
	if by, err := o.Doubled(); err != nil || by != "" {
		t.Errorf("%s over %s: doubled by %q, %v", over, a, by, err)
	}
}

// A disk that a binding knows is found, whatever it is called now, also by a
// form of its identity of earlier versions.
func TestKnownBy(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	loop := kit.LoopDevice(t, file)
	for _, f := range open(t, loop, OpenOptions{ReadOnly: true}).Fingerprints() {
		if path, err := KnownBy(f); err != nil || path != loop {
			t.Errorf("%016x: got %q, %v; want %s", f, path, err, loop)
		}
	}
	if path, err := KnownBy(fingerprint("no such disk")); err != nil || path != "" {
		t.Errorf("found %q, %v", path, err)
	}
}
