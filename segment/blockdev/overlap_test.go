package blockdev

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/ublk-lc/ublk-lc/tests/kit"
)

func TestOverlaps(t *testing.T) {
	h := fakeHost(t, disks(map[string]map[string]string{
		"sda":      {"dev": "8:0", "device/wwid": "naa.5"},
		"sda/sda1": {"dev": "8:1", "partition": "1", "start": "2048"},
		"sda/sda2": {"dev": "8:2", "partition": "2", "start": "9999", "holders/dm-0": "->../../../dm-0"},
		"dm-0":     {"dev": "252:0", "dm/uuid": "LVM-1", "slaves/sda2": "->../../sda/sda2"},
		"sdb":      {"dev": "8:16", "device/wwid": "naa.6"},
	}))
	for of, want := range map[string][]string{
		"sda":      {"part /dev/sda1", "part /dev/sda2", "part /dev/dm-0"},
		"sda/sda1": {"whole /dev/sda"},
		"sda/sda2": {"whole /dev/sda", "part /dev/dm-0"},
		"dm-0":     {"whole /dev/sda2", "whole /dev/sda"},
		"sdb":      nil,
	} {
		self := h.layerOf(filepath.Join(h.sys, "devices", of))
		var got []string
		for _, o := range append(h.overlaps(&self, false), h.overlaps(&self, true)...) {
			what := "whole "
			if o.Part {
				what = "part "
			}
			got = append(got, what+o.Path)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", of, got, want)
		}
	}
}

// A loop device over a piece of a file is a part of it, and of a loop device
// over all of it.
func TestOverlappingLoops(t *testing.T) {
	file := kit.Disk(t, "disk", 8<<20)
	whole, part := kit.LoopDevice(t, file), kit.LoopDevice(t, file, "--offset", "1048576")
	has := func(path string, fingerprint uint64, part bool) {
		t.Helper()
		all, err := open(t, path, OpenOptions{ReadOnly: true}).Overlaps()
		if err != nil || !slices.ContainsFunc(all, func(o Overlap) bool { return o.Part == part && slices.Contains(o.Fingerprints, fingerprint) }) {
			t.Errorf("%s: got %+v, %v", path, all, err)
		}
	}
	w, p := open(t, file, OpenOptions{ReadOnly: true}).Fingerprint(), open(t, part, OpenOptions{ReadOnly: true}).Fingerprint()
	has(part, w, false)
	has(whole, p, true)
	has(file, p, true)
}
