package guest

import (
	"strings"
	"testing"
	"time"
)

// Exit codes; `lc help exit-codes` lists them.
const (
	mismatch = 12 // what does not belong together
	leftOut  = 19 // done, without what is damaged
)

// rawUse is how somebody makes, and later uses, what is on a disk.
type rawUse struct {
	name        string
	make, mount string // with $dev: the cached device, or the disk itself
	look        string // the same without a write
	umount      string
}

var rawUses = []rawUse{
	{"ext4", "mkfs.ext4 -q $dev", "mount $dev /mnt", "blkid -p $dev; mount -o ro,noload $dev /mnt", "umount /mnt"},
	{"xfs", "modprobe xfs; mkfs.xfs -q $dev", "mount -t xfs $dev /mnt", "blkid -p $dev; mount -t xfs -o ro,norecovery $dev /mnt", "umount /mnt"},
	{"btrfs", "modprobe btrfs; mkfs.btrfs -q $dev", "mount -t btrfs $dev /mnt", "blkid -p $dev; mount -t btrfs -o ro $dev /mnt", "umount /mnt"},
	{"lvm", "pvcreate -q $dev; vgcreate -q vg $dev; lvcreate -q -n lv -L 340M vg; mkfs.ext4 -q /dev/vg/lv; vgchange -qan vg",
		"vgchange -qay vg; mount /dev/vg/lv /mnt", "pvs $dev; lvs vg", "! grep -q ' /mnt ' /proc/mounts || umount /mnt; vgchange -qan vg"},
}

// TestP8RawBackingWritten mounts the disk itself and writes to it while the log
// has newer data of it. To look only is no harm; what was written is refused at
// attach, and accepted on request.
func TestP8RawBackingWritten(t *testing.T) {
	for _, u := range rawUses {
		t.Run(u.name, func(t *testing.T) {
			if u.name != "ext4" {
				long(t)
			}
			m := boot(t, sized(fast, 64<<20), sized(fast, 384<<20), 6*time.Minute)
			raw := func(script string) string {
				return m.sh("export DM_DISABLE_UDEV=1 LVM_SYSTEM_DIR=/etc/rawlvm dev=$hdd\n" + script)
			}
			cached := func(script string) string { return m.sh("export DM_DISABLE_UDEV=1 dev=/dev/lc/myLV\n" + script) }
			const up = "lc resume 3 $ssd; lc create myLV 5 $hdd; lc attach 5 3"
			m.sh(lvm + "lc format-cache $ssd;" + up + "; mkdir -p /mnt")
			cached(u.make + "; lc drain 3; lc set caches/3/allow_migrate 0\n" + u.mount + "\nhead -c 5000000 /dev/urandom >/mnt/f; sha256sum </mnt/f >/tmp/sum\n" + u.umount)
			m.dirty()
			m.sh("lc shutdown")

			raw(u.look + "\n" + u.umount)
			if out := m.sh(up); strings.Contains(out, "changed") {
				t.Errorf("the disk was only looked at: %s", out)
			}
			cached(u.mount + "\n" + `test "$(sha256sum </mnt/f)" = "$(cat /tmp/sum)"` + "\n" + u.umount)
			m.sh("lc set caches/3/allow_migrate 0; lc shutdown")

			raw(u.mount + "\nhead -c 3000000 /dev/urandom >/mnt/g; sync\n" + u.umount)
			m.refusedAndAccepted()
			m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown")
		})
	}
}

// dirty wants the log to have data that the disk has not.
func (m *machine) dirty() {
	m.t.Helper()
	if m.status().DirtyBlocks == 0 {
		m.t.Fatal("nothing is in the log: the test would show nothing")
	}
}

// refusedAndAccepted attaches a disk that was written to behind the log.
func (m *machine) refusedAndAccepted() {
	m.t.Helper()
	m.sh("lc resume 3 $ssd; lc create myLV 5 $hdd")
	code, out := m.try("lc attach 5 3")
	m.t.Logf("lc attach: %d, %s", code, out)
	if code != mismatch || !strings.Contains(out, "--accept-changed") {
		m.t.Errorf("attach of a disk that was written to behind the log: %d, %s", code, out)
	}
	if code, out := m.try("test ! -e /dev/lc/myLV"); code != 0 {
		m.t.Errorf("the device is there after the refusal: %s", out)
	}
	code, out = m.try("lc attach --accept-changed 5 3")
	m.t.Logf("lc attach --accept-changed: %d, %s", code, out)
	if code != 0 || !strings.Contains(out, "the log's blocks go over what is there") {
		m.t.Errorf("lc attach --accept-changed: %d, %q", code, out)
	}
}
