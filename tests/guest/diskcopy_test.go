package guest

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// TestP8CopyOfTheBacking copies a disk of which the log has data, to one without
// a serial number and to one with another, and takes the copies for it: beside
// the disk neither gets its data, in its place one does, by the administrator's
// word, and the disk is told of it when it is back. Another disk that was
// formatted alike is none of them, whichever of the two the log has data of.
func TestP8CopyOfTheBacking(t *testing.T) {
	long(t)
	size := sized(fast, 48<<20)
	m := bootDisks(t, 8*time.Minute, vm.Config{Disks: []vm.Disk{
		{Name: "ssd", Model: sized(fast, 64<<20)}, {Name: "hdd", Model: size}, {Name: "alike", Model: size, Serial: vm.NoSerial},
		{Name: "copy", Model: size, Serial: vm.NoSerial}, {Name: "other", Model: size},
	}})
	m.sh(`lc format-cache $ssd; lc resume 3 $ssd; mkdir -p /mnt
lc create myLV 5 $hdd; lc attach 5 3; lc create alike 6 $alike; lc attach 6 3
mkfs.ext4 -q /dev/lc/myLV; mkfs.ext4 -q /dev/lc/alike; lc drain 3; lc set caches/3/allow_migrate 0
mount /dev/lc/myLV /mnt; head -c 3000000 /dev/urandom >/mnt/f; sha256sum </mnt/f >/tmp/sum; umount /mnt`)
	m.dirty()
	m.sh("lc shutdown; for d in $copy $other; do dd if=$hdd of=$d bs=1M conv=fsync 2>/dev/null; done")
	const same = "mount /dev/lc/myLV /mnt; test \"$(sha256sum </mnt/f)\" = \"$(cat /tmp/sum)\"; umount /mnt\n"

	// Beside it.
	m.sh("lc resume 3 $ssd")
	m.refusesCopy("create alike 5 $alike", "is not that disk") // it was left clean, as device 6
	m.refusesCopy("create c 7 $copy", "--other-disk")
	m.refusesCopy("create o 8 $other", "--other-disk")
	m.refusesCopy("create myLV 5 $copy", "lc create myLV 5 /dev/")
	m.sh("lc create alike 6 $alike; lc create myLV 5 $hdd; lc attach 5 3; lc attach 6 3\n" + same)
	m.refusesCopy("create c 7 $copy", "--other-disk")
	m.sh("lc create c 7 $copy --other-disk; lc create o 8 $other; test -e /dev/lc/c; test -e /dev/lc/o\n" +
		"lc remove 7; lc remove 8; lc set caches/3/allow_migrate 0; lc shutdown")

	// In its place.
	m.sh(pull + "pull $hdd\nlc resume 3 $ssd")
	m.refusesCopy("create c 7 $copy", "as device 5 (myLV")
	m.warns("create myLV 5 $copy", "one of them is a copy, and nothing tells which")
	m.refusesCopy("attach 5 3", "--unidentified")
	m.sh(pull + "plug $hdd")
	m.refusesCopy("attach 5 3 --unidentified", "and by its identity /dev/")
	m.sh(pull + "lc remove 5; pull $hdd")
	m.warns("create myLV 5 $other", "one of them is a copy, and nothing tells which")
	m.warns("attach 5 3 --unidentified", "out of date from now on")
	m.sh(same + pull + "lc set caches/3/allow_migrate 0; plug $hdd")
	m.warns("create orig 9 $hdd", "and that went to")
	m.sh("lc create alike 6 $alike; lc attach 6 3; lc remove 9; lc detach 5; lc detach 6; lc free-cache 3; lc remove 5; lc remove 6; lc shutdown\n" +
		"mount -o ro $other /mnt; test \"$(sha256sum </mnt/f)\" = \"$(cat /tmp/sum)\"; umount /mnt")
}

// refusesCopy wants a verb to be refused as about another disk, and to say so.
func (m *machine) refusesCopy(verb, words string) {
	m.t.Helper()
	code, out := m.try("lc " + verb)
	m.t.Logf("lc %s: %d, %s", verb, code, out)
	if code != mismatch || !strings.Contains(out, words) {
		m.t.Errorf("lc %s: %d, want %d and %q: %s", verb, code, mismatch, words, out)
	}
}

// warns wants a verb to succeed, and to say something.
func (m *machine) warns(verb, words string) {
	m.t.Helper()
	code, out := m.try("lc " + verb)
	m.t.Logf("lc %s: %d, %s", verb, code, out)
	if code != 0 || !strings.Contains(out, words) {
		m.t.Errorf("lc %s: %d, want 0 and %q: %s", verb, code, words, out)
	}
}
