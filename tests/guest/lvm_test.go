package guest

import (
	"testing"
	"time"
)

// lvm runs LVM without udev, as the guest has none. It must not see a disk beside
// the device that is made of it: by itself it looks at our devices only, with
// LVM_SYSTEM_DIR=/etc/rawlvm at the disks.
const lvm = `modprobe -a dm_mod dm_snapshot; export DM_DISABLE_UDEV=1
for kind in lvm:ublkb rawlvm:vd; do mkdir -p /etc/${kind%:*}; cat >/etc/${kind%:*}/lvm.conf <<conf
devices { types = [ "ublkb", 16 ] obtain_device_list_from_udev = 0 use_devicesfile = 0 filter = [ "a|${kind#*:}|", "r|.*|" ] }
activation { udev_sync = 0 udev_rules = 0 monitoring = 0 }
backup { backup = 0 archive = 0 }
conf
done
`

// TestSnapshotBelowTheCache takes a snapshot of the backing as the manual says:
// freeze, drain, snapshot, thaw, while the file system is written to. The
// snapshot is clean, and has what was there.
func TestSnapshotBelowTheCache(t *testing.T) {
	long(t)
	m := boot(t, sized(fast, 64<<20), sized(fast, 256<<20), 6*time.Minute)
	m.sh(lvm + `export LVM_SYSTEM_DIR=/etc/rawlvm; pvcreate -q $hdd; vgcreate -q vg $hdd; lvcreate -q -n slow -L 128M vg
lc format-cache $ssd; lc resume 3 $ssd; lc create myLV 5 /dev/vg/slow; lc attach 5 3
lc set caches/3/allow_migrate 0
mkfs.ext4 -q /dev/lc/myLV; mkdir -p /mnt/fs /mnt/snap; mount /dev/lc/myLV /mnt/fs
cp -r /etc /mnt/fs/etc; for i in $(seq 50); do head -c 100000 /dev/urandom >/mnt/fs/$i; done`)
	m.sh(`(n=0; while :; do echo $n >/mnt/fs/counter; cp /mnt/fs/1 /mnt/fs/busy.$((n % 5)); n=$((n+1)); done) & echo $! >/tmp/writer; sleep 1`)
	m.sh(`lc set caches/3/allow_migrate 1
fsfreeze -f /mnt/fs
(cd /mnt/fs && find . -type f ! -path ./lost+found | sort | xargs sha256sum) >/tmp/sums
lc drain 3
LVM_SYSTEM_DIR=/etc/rawlvm DM_DISABLE_UDEV=1 lvcreate -q -s -n snap -L 32M vg/slow
fsfreeze -u /mnt/fs`)
	m.sh("sleep 1; kill $(cat /tmp/writer)")
	t.Log(m.sh(`e2fsck -fn /dev/vg/snap; mount -o ro,noload /dev/vg/snap /mnt/snap
cd /mnt/snap && sha256sum --quiet -c /tmp/sums && wc -l </tmp/sums
cd /; umount /mnt/snap; umount /mnt/fs`))
	m.sh("LVM_SYSTEM_DIR=/etc/rawlvm DM_DISABLE_UDEV=1 lvremove -qy vg/snap; lc detach 5; lc free-cache 3; lc remove 5; lc shutdown; e2fsck -fn /dev/vg/slow")
}
