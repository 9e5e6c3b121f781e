package guest

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// letGo stops what has assembled itself.
const letGo = `udevadm settle; mdadm --stop --scan 2>/dev/null || true
for c in $(ls -d /sys/fs/bcache/*-* 2>/dev/null); do echo 1 >$c/stop; done
until ! ls -d /sys/fs/bcache/*-* 2>/dev/null; do sleep 0.2; done`

// TestP8OldMembersAreNotAssembled formats disks that were a member of an md
// array and a bcache device, with udev running, and boots again. Nothing
// assembles them: what udev would do with them untouched is seen first.
func TestP8OldMembersAreNotAssembled(t *testing.T) {
	long(t)
	m := bootDisks(t, 8*time.Minute, vm.Config{Udev: true, Disks: []vm.Disk{
		{Name: "md", Model: sized(fast, 64<<20)}, {Name: "bc", Model: sized(fast, 512<<20)}, {Name: "hdd", Model: sized(fast, 64<<20)},
	}})
	const owners = `cat /proc/mdstat; ls /sys/fs/bcache 2>/dev/null || true`
	m.sh(`modprobe -a md_mod raid1 bcache
mdadm --create /dev/md0 --run --metadata=1.2 --level=1 --raid-devices=2 $md missing 2>/dev/null
mdadm --stop /dev/md0 2>/dev/null
make-bcache -C $bc >/dev/null; udevadm settle`)
	m.again()
	m.sh("udevadm settle")
	before := m.sh(owners)
	if !strings.Contains(before, "raid1 vd") || !strings.Contains(before, "-") {
		t.Fatalf("udev assembles neither here, so the test would show nothing:\n%s", before)
	}
	t.Logf("untouched: %s", before)

	for _, d := range []string{"$md", "$bc"} {
		m.sh(letGo)
		code, out := m.try("lc format-cache " + d)
		if code == 0 {
			t.Errorf("lc format-cache %s without --force: %s", d, out)
		}
		t.Logf("lc format-cache %s: %d, %s", d, code, out)
		m.sh(letGo) // a look at a disk may be enough for udev to assemble it
		m.sh("lc format-cache --force --segment-size 64K " + d)
	}
	m.sh(`lc resume 1 $md; lc create a 1 $hdd; lc attach 1 1
dd if=/dev/urandom of=/tmp/p bs=1M count=4 2>/dev/null
dd if=/tmp/p of=/dev/lc/a bs=64k oflag=direct conv=fsync 2>/dev/null`)
	sum := m.sh("sha256sum </tmp/p")
	m.again()
	after := m.sh("udevadm settle; modprobe -a md_mod raid1 bcache; udevadm trigger --subsystem-match=block --action=add; udevadm settle;" + owners)
	if strings.Contains(after, "active") || strings.Contains(after, "inactive") || strings.Contains(after, "-") {
		t.Errorf("after format and boot something has a disk:\n%s", after)
	}
	m.sh("for d in $md $bc; do lc check $d >/dev/null; done")
	m.sh("lc resume 1 $md; lc create a 1 $hdd; lc attach 1 1")
	if got := m.sh("dd if=/dev/lc/a bs=1M count=4 iflag=direct 2>/dev/null | sha256sum"); got != sum {
		t.Errorf("the log holds %s, %s was written", got, sum)
	}
	t.Logf("formatted and booted: nothing is assembled; log intact")
	m.sh("lc detach 1; lc free-cache 1; lc remove 1; lc shutdown")
}
