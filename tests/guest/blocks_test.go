package guest

import (
	"strings"
	"testing"
	"time"

	"github.com/ublk-lc/ublk-lc/tools/disk"
	"github.com/ublk-lc/ublk-lc/tools/vm"
)

// crypt opens the disk with dm-crypt in sectors of 4096 bytes. Its key is
// derived fast, since nobody attacks it.
const (
	cryptModules = "modprobe -a dm_crypt aesni_intel xts 2>/dev/null || modprobe dm_crypt\nprintf key >/run/key\n"
	cryptFormat  = "cryptsetup luksFormat -q --type luks2 --sector-size 4096 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 %s /run/key\n"
	cryptOpen    = "DM_DISABLE_UDEV=1 cryptsetup open --key-file /run/key %s slow\n"
	cryptUp      = "lc resume 3 $ssd; lc create myLV 5 /dev/mapper/slow; lc attach 5 3\n"
)

// verified writes and verifies a region with direct requests of 4 KiB to 1 MiB
// and one with buffered ones of 512 bytes to 1 MiB.
func (m *machine) verified(blocks string) {
	m.t.Helper()
	const fio = "fio --name=x --filename=/dev/lc/myLV --ioengine=io_uring --verify=crc32c --verify_fatal=1 --iodepth=16 "
	m.sh(fio + "--direct=1 --rw=randwrite --bsrange=" + blocks + "-1m --blockalign=" + blocks + " --offset=16m --size=24m >/tmp/out || { cat /tmp/out; false; }")
	m.sh(fio + "--ioengine=psync --direct=0 --rw=randwrite --bsrange=512-1m --blockalign=512 --offset=48m --size=12m --end_fsync=1 >/tmp/out || { cat /tmp/out; false; }")
}

// drainedEqual drains to the end and compares the disk with the device.
func (m *machine) drainedEqual(slow string) {
	m.t.Helper()
	sum := m.sh("sha256sum </dev/lc/myLV")
	if code, out := m.try("lc drain 3"); code != 0 {
		m.t.Fatalf("lc drain: %d, %s", code, out)
	}
	m.sh("lc detach 5; lc free-cache 3; lc remove 5; lc shutdown; echo 3 >/proc/sys/vm/drop_caches")
	if got := m.sh("sha256sum <" + slow); got != sum {
		m.t.Errorf("the disk holds %s, the device held %s", got, sum)
	}
}

// TestBlocksLUKSAndPowerCut has LUKS on a disk of 4096-byte blocks behind an SSD
// of 512: fio verifies, the power is cut under it and writers that sync, and
// what is recovered drains to the end. The disk is the machine's, since one of
// scsi_debug would be lost with the power.
func TestBlocksLUKSAndPowerCut(t *testing.T) {
	m := bootDisks(t, 8*time.Minute, vm.Config{Disks: []vm.Disk{
		{Name: "ssd", Model: sized(fast, 48<<20)}, {Name: "hdd", Model: sized(fast, 96<<20), Block: 4096},
	}})
	m.sh(cryptModules + strings.ReplaceAll(cryptFormat+cryptOpen, "%s", "$hdd") + "test $(blockdev --getss /dev/mapper/slow) = 4096\nlc format-cache --segment-size 256K $ssd\n" + cryptUp)
	m.sh("dd if=/dev/zero of=/dev/lc/myLV bs=1M count=8 oflag=direct conv=fsync 2>/dev/null") // what was never written is no zeroes below LUKS
	m.verified("4k")
	b := newBook()
	w := m.write(b)
	if _, err := m.Start(vm.Command{Script: "fio --name=x --filename=/dev/lc/myLV --ioengine=io_uring --direct=1 --offset=16m --size=48m --rw=randwrite --bsrange=4k-1m --blockalign=4k --iodepth=8 --fdatasync=8 --time_based --runtime=600 >/dev/null"}); err != nil {
		t.Fatal(err)
	}
	w.more(b, 200)
	if _, err := m.PowerCut(disk.Dice(uint64(time.Now().UnixNano()))); err != nil {
		t.Fatal(err)
	}
	w.drain()
	if err := m.PowerOn(m.ctx); err != nil {
		t.Fatal(err)
	}
	m.sh("modprobe ublk_drv\n" + cryptModules + strings.ReplaceAll(cryptOpen, "%s", "$hdd") + cryptUp)
	confirmed, limit := b.now()
	m.holds("/dev/lc/myLV", confirmed, limit)
	m.drainedEqual("/dev/mapper/slow")
	m.holds("/dev/mapper/slow", confirmed, limit)
	t.Logf("%d durable writes confirmed before the cut, none lost; the disk is equal to the device", b.count())
}

// TestBlocksOfSCSIDebug has LUKS on a scsi_debug disk of 4096-byte blocks
// behind an SSD of 512, the server killed under fio; and the reverse, an SSD of
// 4096 in front of a disk of 512, for which the device is made with 4096.
func TestBlocksOfSCSIDebug(t *testing.T) {
	long(t)
	m := boot(t, sized(fast, 48<<20), sized(fast, 96<<20), 8*time.Minute)
	m.sh("modprobe sd_mod; modprobe scsi_debug dev_size_mb=112 sector_size=4096; until [ -b /dev/sda ]; do sleep 0.1; done\n" +
		cryptModules + strings.ReplaceAll(cryptFormat+cryptOpen, "%s", "/dev/sda") + "lc format-cache --segment-size 256K $ssd\n" + cryptUp)
	m.verified("4k")
	m.sh(`written() { awk '{ print $5 }' /sys/class/block/$(basename $(readlink -f /dev/lc/myLV))/stat; }
before=$(written)
(fio --name=x --filename=/dev/lc/myLV --allow_file_create=0 --ioengine=io_uring --direct=1 --size=64m --rw=randwrite --bsrange=4k-1m --blockalign=4k --iodepth=8 --time_based --runtime=600 >/dev/null 2>&1 &)
until [ $(written) -gt $((before + 20)) ]; do sleep 0.1; done
kill -9 $(pidof lc); until ! pidof fio; do sleep 0.1; done`)
	m.sh(cryptUp)
	m.drainedEqual("/dev/mapper/slow")

	m.sh("cryptsetup close slow; lc format-cache --force --segment-size 256K /dev/sda; lc resume 3 /dev/sda")
	code, out := m.try("lc create myLV 5 $hdd")
	t.Logf("lc create of a disk of 512: %d, %s", code, out)
	if code != mismatch || !strings.Contains(out, "--logical-block 4096") {
		t.Errorf("lc create of a disk of 512 for a cache of 4096: %d, %s", code, out)
	}
	m.sh("lc create myLV 5 $hdd --logical-block 4096; lc attach 5 3; test $(blockdev --getss /dev/lc/myLV) = 4096")
	m.verified("4k")
	m.drainedEqual("$hdd")
}
