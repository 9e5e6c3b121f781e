package manager

import "testing"

// The partitions that a node has when its link is made get their names from
// that link.
func TestPartitionsAreAnnounced(t *testing.T) {
	sys := fakeSys(t, map[string]map[string]string{
		"ublkb0":          {"dev": "259:0", "uevent": "", "queue/depth": "1"},
		"ublkb0/ublkb0p1": {"dev": "259:1", "partition": "1", "uevent": ""},
		"ublkb1":          {"dev": "259:2", "uevent": ""},
		"ublkb1/ublkb1p1": {"dev": "259:3", "partition": "1", "uevent": ""},
	})
	if err := announcePartitions(sys, "/dev/ublkb0"); err != nil {
		t.Fatal(err)
	}
	for disk, want := range map[string]string{"ublkb0": "", "ublkb0p1": "change", "ublkb1": "", "ublkb1p1": ""} {
		if got := sysText(sys+"/class/block/"+disk, "uevent"); got != want {
			t.Errorf("%s was sent %q, want %q", disk, got, want)
		}
	}
}
